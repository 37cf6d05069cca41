#include "kubelet/cri/image_name.h"

#include <algorithm>
#include <string_view>

namespace xebec::cri {
namespace {

using std::string_view;

bool lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool alnum(char c) { return lower(c) || upper(c); }
bool hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool has_upper(string_view text) { return std::any_of(text.begin(), text.end(), upper); }

// Letters and digits, between them one '.', one or two '_', or any number of '-'.
bool is_path_part(string_view part) {
  size_t i = 0;
  while (i < part.size()) {
    size_t begin = i;
    while (i < part.size() && lower(part[i])) ++i;
    if (i == begin) return false;
    if (i == part.size()) return true;
    begin = i;
    while (i < part.size() && part[i] == part[begin] && !lower(part[i])) ++i;
    size_t run = i - begin;
    bool separator =
        part[begin] == '-' || (part[begin] == '_' && run <= 2) || (part[begin] == '.' && run == 1);
    if (!separator) return false;
  }
  return false;
}

bool is_tag(string_view tag) {
  auto fine = [](char c) { return alnum(c) || c == '_' || c == '.' || c == '-'; };
  return !tag.empty() && tag.size() <= 128 && tag[0] != '.' && tag[0] != '-' &&
         std::all_of(tag.begin(), tag.end(), fine);
}

bool is_digest(string_view digest) {
  size_t colon = digest.find(':');
  if (colon == string_view::npos || colon == 0 || !alnum(digest[0])) return false;
  string_view algorithm = digest.substr(0, colon), value = digest.substr(colon + 1);
  auto fine = [](char c) { return alnum(c) || c == '-' || c == '_' || c == '+' || c == '.'; };
  return std::all_of(algorithm.begin(), algorithm.end(), fine) && value.size() >= 32 &&
         std::all_of(value.begin(), value.end(), hex);
}

bool is_registry(string_view name) {
  if (name.starts_with('[')) return name.find(']') != string_view::npos;
  size_t colon = name.find(':');
  string_view host = name.substr(0, colon);
  if (colon != string_view::npos) {
    string_view port = name.substr(colon + 1);
    if (port.empty() || !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return false;
  }
  while (!host.empty()) {
    size_t dot = host.find('.');
    string_view label = host.substr(0, dot);
    auto fine = [](char c) { return alnum(c) || c == '-'; };
    if (label.empty() || label.front() == '-' || label.back() == '-' ||
        !std::all_of(label.begin(), label.end(), fine)) {
      return false;
    }
    if (dot == string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
  return false;
}

}  // namespace

std::string image_name_problem(const std::string& image) {
  static const std::string kInvalid = "invalid reference format";
  if (image.size() == 64 &&
      std::all_of(image.begin(), image.end(), [](char c) { return hex(c) && !upper(c); })) {
    return "invalid repository name (" + image + "), cannot specify 64-byte hexadecimal strings";
  }
  string_view rest = image;
  size_t slash = rest.find('/');
  string_view first = rest.substr(0, slash);
  bool has_registry = slash != string_view::npos && (first.find_first_of(".:") != string_view::npos ||
                                                     first == "localhost" || has_upper(first));
  std::string familiar;  // what an unqualified name stands for
  if (has_registry) {
    if (!is_registry(first)) return kInvalid;
    rest.remove_prefix(slash + 1);
  } else if (slash == string_view::npos) {
    familiar = "library/";
  }
  size_t at = rest.find('@');
  if (at != string_view::npos && !is_digest(rest.substr(at + 1))) return kInvalid;
  rest = rest.substr(0, at);
  size_t colon = rest.find(':');
  string_view path = rest.substr(0, colon);
  if (has_upper(path))
    return kInvalid + ": repository name (" + familiar + std::string(path) + ") must be lowercase";
  if (colon != string_view::npos && !is_tag(rest.substr(colon + 1))) return kInvalid;
  if (path.size() > 255) return "repository name must not be more than 255 characters";
  for (;;) {
    slash = path.find('/');
    if (!is_path_part(path.substr(0, slash))) return kInvalid;
    if (slash == string_view::npos) return "";
    path.remove_prefix(slash + 1);
  }
}

std::string full_image_name(const std::string& image) {
  std::string name = image;
  size_t slash = name.find('/');
  std::string first = name.substr(0, slash);
  bool has_registry =
      slash != std::string::npos && (first.find_first_of(".:") != std::string::npos || first == "localhost");
  if (slash == std::string::npos) {
    name = "docker.io/library/" + name;
  } else if (!has_registry) {
    name = "docker.io/" + name;
  }
  size_t colon = name.rfind(':');
  bool tagged = colon != std::string::npos && colon > name.rfind('/');
  return tagged || name.find('@') != std::string::npos ? name : name + ":latest";
}

}  // namespace xebec::cri
