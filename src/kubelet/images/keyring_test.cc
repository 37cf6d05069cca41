#include "kubelet/images/keyring.h"

#include <gtest/gtest.h>

namespace xebec::kubelet {
namespace {

corev1::Secret docker_config(const std::string& text, const char* key = ".dockerconfigjson") {
  corev1::Secret out;
  out.data[key] = api::Bytes(text);
  return out;
}

// "{"auths": {PATTERN: {"username": PATTERN}...}}"
Keyring keyring(std::initializer_list<const char*> patterns) {
  std::string text;
  for (const char* pattern : patterns) {
    text += text.empty() ? "" : ",";
    text += std::string("\"") + pattern + R"(":{"username":")" + pattern + R"(","password":"p"})";
  }
  Keyring out;
  out.add(docker_config(R"({"auths":{)" + text + "}}"));
  return out;
}

std::vector<std::string> users(const Keyring& keyring, const std::string& image) {
  std::vector<std::string> out;
  for (const cri::AuthConfig& auth : keyring.lookup(image)) out.push_back(auth.username);
  return out;
}

using Users = std::vector<std::string>;

TEST(Keyring, AGlobStandsForOnePartOfTheHost) {
  EXPECT_TRUE(registry_matches("*.kubernetes.io", "prefix.kubernetes.io"));
  EXPECT_TRUE(registry_matches("prefix.*.io", "prefix.kubernetes.io/name"));
  EXPECT_TRUE(registry_matches("prefix.kubernetes.*", "prefix.kubernetes.io"));
  EXPECT_TRUE(registry_matches("*-good.kubernetes.io", "prefix-good.kubernetes.io"));
  EXPECT_TRUE(registry_matches("???.r.io", "abc.r.io"));
  EXPECT_TRUE(registry_matches("*.*.registry.io", "a.b.registry.io"));
  EXPECT_FALSE(registry_matches("*.io", "kubernetes.r.io"));
  EXPECT_FALSE(registry_matches("*", "kubernetes.io"));
  EXPECT_FALSE(registry_matches("*.kubernetes.io", "kubernetes.io"));
  EXPECT_FALSE(registry_matches("*.kubernetes.io", "a.kubernetes.com"));
}

TEST(Keyring, PortsHaveToBeTheSame) {
  EXPECT_TRUE(registry_matches("r.io:5000", "r.io:5000/a"));
  EXPECT_TRUE(registry_matches("*.r.io:5000", "x.r.io:5000/a"));
  EXPECT_FALSE(registry_matches("r.io:5000", "r.io/a"));
  EXPECT_FALSE(registry_matches("r.io", "r.io:5000/a"));
  EXPECT_FALSE(registry_matches("r.io:*", "r.io:5000/a"));
}

TEST(Keyring, ThePathIsAPrefixWithoutGlobs) {
  EXPECT_TRUE(registry_matches("r.io/team", "r.io/team/app"));
  EXPECT_TRUE(registry_matches("r.io/te", "r.io/team/app"));
  EXPECT_FALSE(registry_matches("r.io/team/app", "r.io/team"));
  EXPECT_FALSE(registry_matches("r.io/*", "r.io/team"));
  EXPECT_FALSE(registry_matches("r.io/team", "r.io/other"));
}

TEST(Keyring, TheLongestPatternIsTriedFirst) {
  Keyring ring = keyring({"r.io", "*.io", "r.io/team", "r.io/team/app", "other.com"});
  EXPECT_EQ(users(ring, "r.io/team/app:v1"), (Users{"r.io/team/app", "r.io/team", "r.io", "*.io"}));
  EXPECT_EQ(users(ring, "r.io/x"), (Users{"r.io", "*.io"}));
  EXPECT_EQ(users(ring, "busybox"), Users{"*.io"}) << "docker.io";
  EXPECT_EQ(users(ring, "quay.com/x"), Users());
}

TEST(Keyring, SecretsAreOneRing) {
  Keyring ring = keyring({"r.io"});
  ring.add(docker_config(R"({"r.io/team":{"auth":"aHVlOnM6M2NyZXQ="}})", ".dockercfg"));
  std::vector<cri::AuthConfig> found = ring.lookup("r.io/team/app@sha256:" + std::string(64, 'a'));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].username, "hue") << "of the second secret, since its pattern is longer";
  EXPECT_EQ(found[0].password, "s:3cret");
  EXPECT_EQ(found[1].username, "r.io");
}

TEST(Keyring, ADockerHubKeyIsForImagesWithoutARegistry) {
  Keyring hub = keyring({"https://index.docker.io/v1/"});
  EXPECT_EQ(users(hub, "busybox").size(), 1U);
  EXPECT_EQ(users(hub, "g1g1/hue-learn:v3.0").size(), 1U);
  EXPECT_EQ(users(hub, "docker.io/library/busybox").size(), 1U);
  EXPECT_TRUE(users(hub, "r.io/library/busybox").empty());
  EXPECT_EQ(users(keyring({"docker.io", "index.docker.io"}), "busybox"), Users{"docker.io"});
}

TEST(Keyring, TheProtocolsVersionIsNoPath) {
  EXPECT_EQ(users(keyring({"https://r.io/v2/"}), "r.io/a").size(), 1U);
  EXPECT_EQ(users(keyring({"http://r.io/v2/team"}), "r.io/team/a").size(), 1U);
  EXPECT_TRUE(users(keyring({"http://r.io/v2/team"}), "r.io/a").empty());
}

TEST(Keyring, WhatCannotBeReadHoldsNothing) {
  Keyring ring;
  for (const char* text : {"", "{", "[]", R"({"auths":7})", R"({"auths":{"r.io":7}})"})
    ring.add(docker_config(text));
  for (const cri::AuthConfig& auth : ring.lookup("r.io/a")) EXPECT_EQ(auth.username, "");
  ring.add(corev1::Secret());
}

}  // namespace
}  // namespace xebec::kubelet
