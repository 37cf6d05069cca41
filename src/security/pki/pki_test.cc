#include "security/pki/pki.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "security/pki/digest.h"
#include "security/pki/jwt.h"

namespace xebec::pki {
namespace {

const WallTime kNow{std::chrono::seconds(1'900'000'000)};
constexpr Duration kDay = std::chrono::hours(24);

struct Folder {
  Folder()
      : path(std::filesystem::temp_directory_path() / fmt::format("xebec-pki-{}", hex(random_bytes(4)))) {
    std::filesystem::create_directory(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(std::string_view name) const { return (path / name).string(); }
  std::filesystem::path path;
};

IssueSpec server_spec() {
  IssueSpec spec;
  spec.subject = {"kube-apiserver", {"group one", "two"}};
  spec.dns_names = {"kubernetes", "kubernetes.default.svc"};
  spec.ip_addresses = {"10.96.0.1", "fd00::1"};
  spec.usages = {Usage::kServer};
  spec.validity = kDay;
  return spec;
}

TEST(Pki, AnIssuedCertificateSaysWhatWasAskedFor) {
  auto ca = CertificateAuthority::create("kubernetes", 10 * kDay, kNow);
  ASSERT_TRUE(ca);
  EXPECT_TRUE(ca->certificate().is_ca());
  auto pair = ca->issue(server_spec(), kNow);
  ASSERT_TRUE(pair) << pair.error().message;
  auto certificate = Certificate::parse_pem(pair->certificate_pem);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->subject().common_name, "kube-apiserver");
  EXPECT_EQ(certificate->subject().organizations, (std::vector<std::string>{"group one", "two"}));
  EXPECT_EQ(certificate->issuer_common_name(), "kubernetes");
  EXPECT_EQ(certificate->dns_names(), (std::vector<std::string>{"kubernetes", "kubernetes.default.svc"}));
  EXPECT_EQ(certificate->ip_addresses(), (std::vector<std::string>{"10.96.0.1", "fd00::1"}));
  EXPECT_FALSE(certificate->is_ca());
  EXPECT_EQ(certificate->not_after(), kNow + kDay);
  EXPECT_LT(certificate->not_before(), kNow);
  EXPECT_TRUE(certificate->allows(Usage::kServer));
  EXPECT_FALSE(certificate->allows(Usage::kClient));
  EXPECT_FALSE(certificate->serial().empty());
  auto key = PrivateKey::parse_pem(pair->key_pem);
  ASSERT_TRUE(key);
  EXPECT_TRUE(pair->key_pem.starts_with("-----BEGIN EC PRIVATE KEY-----"));
  EXPECT_EQ(key->kind(), KeyKind::kEcdsaP256);
  EXPECT_TRUE(key->public_key() == certificate->public_key());
  auto again = Certificate::parse_der(certificate->der());
  EXPECT_EQ(again->pem(), pair->certificate_pem);
}

TEST(Pki, ACertificateNeverOutlivesItsAuthority) {
  auto ca = CertificateAuthority::create("ca", kDay, kNow);
  IssueSpec spec = server_spec();
  spec.validity = 100 * kDay;
  auto certificate = Certificate::parse_pem(ca->issue(spec, kNow)->certificate_pem);
  EXPECT_EQ(certificate->not_after(), kNow + kDay);
}

TEST(Pki, ABadAddressIsAnError) {
  auto ca = CertificateAuthority::create("ca", kDay, kNow);
  IssueSpec spec = server_spec();
  spec.ip_addresses = {"localhost"};
  EXPECT_EQ(ca->issue(spec, kNow).error().message, "\"localhost\" is not an IP address");
}

struct Chains {
  CertificateAuthority ca = *CertificateAuthority::create("ca", 10 * kDay, kNow);
  CertificateAuthority other = *CertificateAuthority::create("ca", 10 * kDay, kNow);
  CertPool pool = *CertPool::parse_pem(ca.certificate().pem());
  std::vector<std::string> server = {
      Certificate::parse_pem(ca.issue(server_spec(), kNow)->certificate_pem)->der()};
};

TEST(CertPool, VerifiesChainUsageAndTime) {
  Chains c;
  EXPECT_TRUE(c.pool.verify(c.server, Usage::kServer, kNow));
  EXPECT_EQ(c.pool.verify(c.server, Usage::kClient, kNow).error().message,
            "x509: certificate specifies an incompatible key usage");
  EXPECT_EQ(c.pool.verify(c.server, Usage::kServer, kNow + 2 * kDay).error().message,
            "x509: certificate has expired or is not yet valid: current time 2030-03-19T17:46:40Z is after "
            "2030-03-18T17:46:40Z");
  EXPECT_TRUE(c.pool.verify(c.server, Usage::kServer, kNow - kDay)
                  .error()
                  .message.starts_with("x509: certificate has expired or is not yet valid"));
  CertPool others = *CertPool::parse_pem(c.other.certificate().pem());
  EXPECT_EQ(others.verify(c.server, Usage::kServer, kNow).error().message,
            "x509: certificate signed by unknown authority");
  EXPECT_FALSE(c.pool.verify({}, Usage::kServer, kNow));
}

TEST(CertPool, AgreesWithOpenssl) {
  if (std::system("command -v openssl >/dev/null 2>&1") != 0) GTEST_SKIP() << "openssl is not installed";
  Chains c;
  Folder folder;
  ASSERT_TRUE(write_file_atomic(folder.file("ca"), c.ca.certificate().pem()));
  ASSERT_TRUE(write_file_atomic(folder.file("other"), c.other.certificate().pem()));
  ASSERT_TRUE(write_file_atomic(folder.file("leaf"), Certificate::parse_der(c.server[0])->pem()));
  auto verify = [&](std::string_view ca, std::string_view purpose, int64_t time) {
    std::string command = fmt::format("openssl verify -CAfile {} -purpose {} -attime {} {} >/dev/null 2>&1",
                                      folder.file(ca), purpose, time, folder.file("leaf"));
    return std::system(command.c_str()) == 0;
  };
  EXPECT_TRUE(verify("ca", "sslserver", 1'900'000'000));
  EXPECT_FALSE(verify("ca", "sslclient", 1'900'000'000));
  EXPECT_FALSE(verify("ca", "sslserver", 1'900'000'000 + 200000));
  EXPECT_FALSE(verify("other", "sslserver", 1'900'000'000));
}

TEST(Pki, AnAuthorityIsLoadedWithItsOwnKeyOnly) {
  auto ca = CertificateAuthority::create("ca", kDay, kNow);
  auto other = CertificateAuthority::create("ca", kDay, kNow);
  EXPECT_TRUE(CertificateAuthority::load(ca->certificate().pem(), ca->key().pem()));
  EXPECT_FALSE(CertificateAuthority::load(ca->certificate().pem(), other->key().pem()));
  KeyPair leaf = *ca->issue(server_spec(), kNow);
  EXPECT_FALSE(CertificateAuthority::load(leaf.certificate_pem, leaf.key_pem));
}

TEST(CertificateRequest, IsParsedVerifiedAndSigned) {
  auto key = PrivateKey::generate_ecdsa();
  std::vector<std::string> dns = {"node-1"};
  std::vector<std::string> ips = {"10.0.0.1"};
  auto pem = make_certificate_request(*key, {"system:node:node-1", {"system:nodes"}}, dns, ips);
  ASSERT_TRUE(pem);
  auto request = CertificateRequest::parse_pem(*pem);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->subject.common_name, "system:node:node-1");
  EXPECT_EQ(request->subject.organizations, std::vector<std::string>{"system:nodes"});
  EXPECT_EQ(request->dns_names, dns);
  EXPECT_EQ(request->ip_addresses, ips);
  auto ca = CertificateAuthority::create("ca", 10 * kDay, kNow);
  std::vector<Usage> usages = {Usage::kClient};
  auto signed_pem = ca->sign(*request, usages, kDay, kNow);
  ASSERT_TRUE(signed_pem);
  auto certificate = Certificate::parse_pem(*signed_pem);
  EXPECT_TRUE(certificate->public_key() == key->public_key());
  EXPECT_EQ(certificate->subject().common_name, "system:node:node-1");
  CertPool pool = *CertPool::parse_pem(ca->certificate().pem());
  std::vector<std::string> chain = {certificate->der()};
  EXPECT_TRUE(pool.verify(chain, Usage::kClient, kNow));
  EXPECT_FALSE(pool.verify(chain, Usage::kServer, kNow));
  EXPECT_FALSE(CertificateRequest::parse_pem("nonsense"));
  EXPECT_FALSE(CertificateRequest::parse_pem(*signed_pem));
}

TEST(Files, AreWrittenWholeAndPrivate) {
  Folder folder;
  std::string path = folder.file("key");
  ASSERT_TRUE(write_file_atomic(path, "one"));
  ASSERT_TRUE(write_file_atomic(path, "two"));
  EXPECT_EQ(*read_file(path), "two");
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 1);
  EXPECT_EQ(read_file(folder.file("none")).error().code, 404);
  EXPECT_FALSE(write_file_atomic(folder.file("no/such/folder"), "x"));
}

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  for (auto [plain, coded] :
       {std::pair("", ""), {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}) {
    EXPECT_EQ(base64(plain), coded);
    EXPECT_EQ(*base64_decode(coded), plain);
  }
  EXPECT_EQ(base64url("\xff\xfe"), "__4");
  EXPECT_EQ(*base64url_decode("__4"), "\xff\xfe");
  EXPECT_FALSE(base64_decode("Zg="));
  EXPECT_FALSE(base64_decode("Zh=="));  // left-over bits
  EXPECT_FALSE(base64_decode("Z!=="));
  EXPECT_FALSE(base64url_decode("Z"));
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
}

TEST(Jwt, TokensOfBothKindsAreSignedAndVerified) {
  for (const auto& key : {*PrivateKey::generate_ecdsa(), *PrivateKey::generate_rsa()}) {
    auto text = jwt::sign(key, R"({"sub":"system:serviceaccount:default:default"})");
    ASSERT_TRUE(text) << text.error().message;
    auto token = jwt::parse(*text);
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(token->claims, R"({"sub":"system:serviceaccount:default:default"})");
    EXPECT_EQ(token->key_id, jwt::key_id(key.public_key()));
    EXPECT_EQ(token->key_id.size(), 43u);
    EXPECT_TRUE(jwt::verify(*token, key.public_key()));
    jwt::Token forged = *token;
    forged.signing_input += "x";
    EXPECT_FALSE(jwt::verify(forged, key.public_key()));
    forged = *token;
    forged.algorithm = "none";
    EXPECT_FALSE(jwt::verify(forged, key.public_key()));
    forged = *token;
    forged.signature.clear();
    EXPECT_FALSE(jwt::verify(forged, key.public_key()));
    EXPECT_FALSE(jwt::verify(*token, PrivateKey::generate_ecdsa()->public_key()));
  }
}

TEST(Jwt, MalformedTokensAreRefused) {
  for (std::string_view bad :
       {"", "a", "a.b", "a.b.c.d", "e30.e30.!", "W10.e30.e30", "eyJjcml0IjpbXX0.e30.e30"}) {
    EXPECT_FALSE(jwt::parse(bad)) << bad;
  }
}

TEST(Jwt, KeySetsKeepKeysAndIds) {
  std::vector<PublicKey> keys = {PrivateKey::generate_ecdsa()->public_key(),
                                 PrivateKey::generate_rsa()->public_key()};
  std::string json = jwt::key_set_json(keys);
  auto parsed = jwt::parse_key_set(json);
  ASSERT_TRUE(parsed) << parsed.error().message << json;
  ASSERT_EQ(parsed->size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE((*parsed)[i].key == keys[i]);
    EXPECT_EQ((*parsed)[i].id, jwt::key_id(keys[i]));
  }
  EXPECT_EQ((*parsed)[0].algorithm, "ES256");
  EXPECT_EQ((*parsed)[1].algorithm, "RS256");
  EXPECT_FALSE(jwt::parse_key_set("[]"));
}

TEST(Keys, PublicKeysAreFoundInAnyBlock) {
  auto key = PrivateKey::generate_rsa();
  auto ca = CertificateAuthority::create("ca", kDay, kNow);
  std::string file = key->public_key().pem() + key->pem() + ca->certificate().pem();
  auto keys = PublicKey::parse_all_pem(file);
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 3u);
  EXPECT_TRUE((*keys)[0] == key->public_key());
  EXPECT_TRUE((*keys)[1] == key->public_key());
  EXPECT_TRUE((*keys)[2] == ca->certificate().public_key());
  EXPECT_FALSE(PublicKey::parse_pem("nothing"));
  EXPECT_FALSE(PrivateKey::parse_pem("nothing"));
}

}  // namespace
}  // namespace xebec::pki
