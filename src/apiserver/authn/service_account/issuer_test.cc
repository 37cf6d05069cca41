#include "apiserver/authn/service_account/issuer.h"

#include "base/sim_executor.h"

namespace xebec::apiserver::service_account {
namespace {

class IssuerTest : public ::testing::Test {
 protected:
  Claims claims() {
    Claims out;
    out.namespace_ = "default";
    out.service_account = {"robot", "uid-1"};
    out.subject = username("default", "robot");
    out.id = "id-1";
    out.audiences = {"https://kubernetes.default.svc.cluster.local"};
    out.issued_at = out.not_before = now();
    out.expires = now() + 3600;
    out.pod = ObjectReference{"pod", "uid-2"};
    return out;
  }
  int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
  }

  SimExecutor executor_;
  SimClock clock_{executor_, WallTime(std::chrono::seconds(1764460800))};
  Issuer issuer_{IssuerOptions(), pki::PrivateKey::generate_ecdsa().value(), {}, clock_};
};

TEST_F(IssuerTest, ATokenSaysWhatItWasMadeFor) {
  std::string token = issuer_.sign(claims()).value();
  EXPECT_TRUE(issuer_.issued(token));
  auto read = issuer_.verify(token);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->subject, "system:serviceaccount:default:robot");
  EXPECT_EQ(read->pod->uid, "uid-2");
  EXPECT_FALSE(read->legacy);
}

TEST_F(IssuerTest, ATokenExpiresEvenWhenItsSignatureIsRemembered) {
  std::string token = issuer_.sign(claims()).value();
  ASSERT_TRUE(issuer_.verify(token));
  executor_.run_for(std::chrono::hours(2));
  auto late = issuer_.verify(token);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "service account token has expired");
}

TEST_F(IssuerTest, AChangedTokenAndAnotherIssuersTokenAreRefused) {
  std::string token = issuer_.sign(claims()).value();
  std::string changed = token;
  changed[changed.find('.') + 5] ^= 1;
  EXPECT_FALSE(issuer_.verify(changed));
  Issuer other(IssuerOptions(), pki::PrivateKey::generate_ecdsa().value(), {}, clock_);
  EXPECT_FALSE(issuer_.verify(other.sign(claims()).value()));
  EXPECT_FALSE(issuer_.issued("not a token"));
}

TEST(Claims, TimesBeyondAllCountingAreReadAsFarAway) {
  const std::string text =
      R"({"sub":"system:serviceaccount:a:b","exp":1e300,"iat":-1e300,"nbf":1.5,"kubernetes.io":)"
      R"({"namespace":"a","serviceaccount":{"name":"b"}}})";
  Result<Claims> read = parse_claims(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_GT(read->expires, int64_t{1} << 62);
  EXPECT_LT(read->issued_at, -(int64_t{1} << 62));
  EXPECT_EQ(read->not_before, 1);
}

TEST_F(IssuerTest, LegacyTokensNeverExpire) {
  Claims legacy = claims();
  legacy.legacy = true;
  legacy.secret = ObjectReference{"robot-token-x", ""};
  std::string token = issuer_.sign(legacy).value();
  executor_.run_for(std::chrono::hours(24 * 365));
  auto read = issuer_.verify(token);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->legacy);
  EXPECT_EQ(read->secret->name, "robot-token-x");
}

}  // namespace
}  // namespace xebec::apiserver::service_account
