#include "client/kubeconfig.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "http/client.h"

namespace xebec::client {
namespace {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kubeconfig.XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name, const std::string& content = {}) const {
    std::string path = path_ + "/" + name;
    if (!content.empty()) std::ofstream(path) << content;
    return path;
  }

 private:
  std::string path_;
};

Kubeconfig admin() {
  KubeCluster cluster;
  cluster.name = "xebec";
  cluster.server = "https://127.0.0.1:6443";
  cluster.certificate_authority_data = "-----BEGIN CERTIFICATE-----\nca\n";
  KubeUser user;
  user.name = "kubernetes-admin";
  user.client_certificate_data = "-----BEGIN CERTIFICATE-----\ncert\n";
  user.client_key_data = "key\n";
  return Kubeconfig::simple(cluster, user, "kubernetes-admin@xebec");
}

TEST(Kubeconfig, WhatIsSavedIsLoaded) {
  TempDir dir;
  Kubeconfig config = admin();
  ASSERT_TRUE(config.save(dir.file("admin.conf")).has_value());
  struct stat info {};
  ASSERT_EQ(::stat(dir.file("admin.conf").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  Result<Kubeconfig> loaded = Kubeconfig::load(dir.file("admin.conf"));
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(*loaded, config);
  Result<ClientConfig> client = loaded->client_config();
  ASSERT_TRUE(client.has_value()) << client.error().message;
  EXPECT_EQ(client->server, "https://127.0.0.1:6443");
  EXPECT_EQ(client->client_key_pem, "key\n");
  EXPECT_EQ(client->ns, "default");
  EXPECT_EQ(http_options(*client)->url, "https://127.0.0.1:6443");
}

TEST(Kubeconfig, FilesAreRelativeToTheConfig) {
  TempDir dir;
  dir.file("ca.crt", "the roots");
  dir.file("token", "secret\n");
  dir.file("config", R"(apiVersion: v1
kind: Config
current-context: c
clusters:
- name: one
  cluster:
    server: http://localhost:8080
    certificate-authority: ca.crt
contexts:
- name: c
  context: {cluster: one, user: u, namespace: blue}
users:
- name: u
  user:
    tokenFile: token
)");
  Result<Kubeconfig> config = Kubeconfig::load(dir.file("config"));
  ASSERT_TRUE(config.has_value()) << config.error().message;
  Result<ClientConfig> client = config->client_config("c");
  ASSERT_TRUE(client.has_value()) << client.error().message;
  EXPECT_EQ(client->ca_pem, "the roots");
  EXPECT_EQ(client->ns, "blue");
  EXPECT_EQ(*http_options(*client)->bearer_token_provider(), "secret");
}

TEST(Kubeconfig, SaysWhatIsMissing) {
  Kubeconfig config = admin();
  EXPECT_EQ(config.client_config("nope").error().message, "context \"nope\" does not exist");
  config.users[0].has_exec = true;
  EXPECT_FALSE(config.client_config().has_value());
  config.users.clear();
  EXPECT_FALSE(config.client_config().has_value());
  EXPECT_FALSE(Kubeconfig::parse("kind: Pod\n").has_value());
  EXPECT_FALSE(Kubeconfig::parse("clusters: [").has_value());
}

TEST(Kubeconfig, JsonIsYaml) {
  Result<Kubeconfig> config = Kubeconfig::parse(
      R"({"kind":"Config","clusters":[{"name":"a","cluster":{"server":"https://x","insecure-skip-tls-verify":true}}]})");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_TRUE(config->clusters[0].insecure_skip_tls_verify);
}

}  // namespace
}  // namespace xebec::client
