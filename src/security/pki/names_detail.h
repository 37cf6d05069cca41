// Subjects and alternative names, between OpenSSL's shapes and ours.
#pragma once

#include <openssl/x509v3.h>

#include "security/pki/openssl_detail.h"
#include "security/pki/pki.h"

namespace xebec::pki::detail {

Subject read_subject(const X509_NAME* name);
void write_subject(X509_NAME* name, const Subject& subject);
Names read_names(const GENERAL_NAMES* names);
// The GENERAL_NAMES of an extension; an error for an address that is none.
Result<std::shared_ptr<GENERAL_NAMES>> write_names(const Names& names);

}  // namespace xebec::pki::detail
