#include <arpa/inet.h>

#include "security/pki/names_detail.h"

namespace xebec::pki::detail {
namespace {

std::string text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  int length = ASN1_STRING_to_UTF8(&utf8, string);
  if (length < 0) {
    ERR_clear_error();
    return {};
  }
  std::string text(reinterpret_cast<char*>(utf8), static_cast<size_t>(length));
  OPENSSL_free(utf8);
  return text;
}

std::string raw_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

std::vector<std::string> entries(const X509_NAME* name, int nid) {
  std::vector<std::string> values;
  for (int at = X509_NAME_get_index_by_NID(name, nid, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(name, nid, at)) {
    values.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))));
  }
  return values;
}

std::string address_text(const std::string& raw) {
  char text[INET6_ADDRSTRLEN] = {};
  if (raw.size() == 4) return inet_ntop(AF_INET, raw.data(), text, sizeof text);
  if (raw.size() == 16) return inet_ntop(AF_INET6, raw.data(), text, sizeof text);
  return {};
}

bool push_name(GENERAL_NAMES* names, int type, const std::string& value) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_STRING* string = type == GEN_IPADD ? reinterpret_cast<ASN1_STRING*>(a2i_IPADDRESS(value.c_str()))
                                          : reinterpret_cast<ASN1_STRING*>(ASN1_IA5STRING_new());
  if (string == nullptr) {
    GENERAL_NAME_free(name);
    ERR_clear_error();
    return false;
  }
  if (type != GEN_IPADD) ASN1_STRING_set(string, value.data(), static_cast<int>(value.size()));
  GENERAL_NAME_set0_value(name, type, string);
  sk_GENERAL_NAME_push(names, name);
  return true;
}

}  // namespace

Subject read_subject(const X509_NAME* name) {
  Subject subject;
  // As Go: the last common name counts.
  std::vector<std::string> common = entries(name, NID_commonName);
  if (!common.empty()) subject.common_name = common.back();
  subject.organizations = entries(name, NID_organizationName);
  return subject;
}

void write_subject(X509_NAME* name, const Subject& subject) {
  auto add = [&](const char* field, const std::string& value) {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.data()),
                               static_cast<int>(value.size()), -1, 0);
  };
  for (const std::string& organization : subject.organizations) add("O", organization);
  if (!subject.common_name.empty()) add("CN", subject.common_name);
}

Names read_names(const GENERAL_NAMES* names) {
  Names out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const auto* value =
        static_cast<ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type));
    switch (type) {
      case GEN_DNS:
        out.dns.push_back(raw_of(value));
        break;
      case GEN_IPADD:
        out.ip.push_back(address_text(raw_of(value)));
        break;
      case GEN_EMAIL:
        out.email.push_back(raw_of(value));
        break;
      case GEN_URI:
        out.uri.push_back(raw_of(value));
        break;
      default:
        break;
    }
  }
  return out;
}

Result<std::shared_ptr<GENERAL_NAMES>> write_names(const Names& names) {
  std::shared_ptr<GENERAL_NAMES> out(sk_GENERAL_NAME_new_null(), GENERAL_NAMES_free);
  for (const std::string& name : names.dns) push_name(out.get(), GEN_DNS, name);
  for (const std::string& name : names.email) push_name(out.get(), GEN_EMAIL, name);
  for (const std::string& name : names.uri) push_name(out.get(), GEN_URI, name);
  for (const std::string& ip : names.ip) {
    if (!push_name(out.get(), GEN_IPADD, ip))
      return fail(errors::bad_request("\"" + ip + "\" is not an IP address"));
  }
  return out;
}

}  // namespace xebec::pki::detail
