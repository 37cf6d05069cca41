// OpenSSL handles and errors, for the files of this folder.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xebec::pki::detail {

template <auto free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Pkey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using PkeyCtx = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;

inline Bio reading(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
inline Bio writing() { return Bio(BIO_new(BIO_s_mem())); }

inline std::string written(const Bio& bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

inline std::shared_ptr<EVP_PKEY> shared(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }
inline std::shared_ptr<X509> shared(X509* certificate) { return {certificate, X509_free}; }

// What OpenSSL says went wrong.
inline Status error(std::string_view what) {
  unsigned long code = ERR_get_error();
  const char* why = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return errors::bad_request(std::string(what) + ": " + (why != nullptr ? why : "invalid data"));
}

// DER of anything with an i2d function.
template <class T, class Encode>
std::string der(T* object, Encode encode) {
  int length = encode(object, nullptr);
  if (length <= 0) {
    ERR_clear_error();
    return {};
  }
  std::string bytes(static_cast<size_t>(length), '\0');
  auto* out = reinterpret_cast<unsigned char*>(bytes.data());
  encode(object, &out);
  return bytes;
}

// Subject alternative names, taken apart.
struct Names {
  std::vector<std::string> dns, ip, email, uri;
};

}  // namespace xebec::pki::detail
