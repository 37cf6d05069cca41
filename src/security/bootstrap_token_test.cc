#include "security/bootstrap_token.h"

#include <gtest/gtest.h>

namespace xebec::bootstrap_token {
namespace {

TEST(BootstrapToken, HasAnIdAndASecret) {
  std::optional<Token> token = parse("abcdef.0123456789abcdef");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->id, "abcdef");
  EXPECT_EQ(token->secret, "0123456789abcdef");
  for (const char* text : {"", "abcdef", "abcdef.", "abcdef.0123456789abcde", "abcdef.0123456789abcdef0",
                           "Abcdef.0123456789abcdef", "abcdef.0123456789abcdeF", "abcde.00123456789abcdef",
                           "abcdef-0123456789abcdef"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
  Token made = make_random();
  EXPECT_TRUE(parse(made.text())) << made.text();
  EXPECT_NE(make_random().text(), made.text());
}

// The vector of k8s.io/cluster-bootstrap/token/jws/jws_test.go.
TEST(BootstrapToken, SignsAsUpstreamDoes) {
  Token token{"joshua", "my voice is my passcode"};
  std::string signature = sign("Hello from the other side. I must have called a thousand times.", token);
  EXPECT_EQ(signature,
            "eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8");
  EXPECT_TRUE(verify(signature, "Hello from the other side. I must have called a thousand times.", token));
  EXPECT_FALSE(verify(signature, "Hello", token));
  EXPECT_FALSE(verify(signature, "Hello from the other side. I must have called a thousand times.",
                      Token{"joshua", "another"}));
}

TEST(BootstrapToken, ExtraGroupsAreBootstrappers) {
  EXPECT_TRUE(is_extra_group("system:bootstrappers:kubeadm:default-node-token"));
  EXPECT_TRUE(is_extra_group("system:bootstrappers:a"));
  for (const char* group :
       {"system:bootstrappers", "system:bootstrappers:", "system:masters", "system:bootstrappers:A",
        "system:bootstrappers:a-", "system:bootstrappers:a b"}) {
    EXPECT_FALSE(is_extra_group(group)) << group;
  }
}

}  // namespace
}  // namespace xebec::bootstrap_token
