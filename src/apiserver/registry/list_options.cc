#include "apiserver/registry/list_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/field_error.h"
#include "apiserver/registry/strategy.h"

namespace xebec::apiserver {
namespace {

constexpr std::string_view kTokenVersion = "meta.k8s.io/v1";
constexpr std::string_view kExact = "Exact", kNotOlderThan = "NotOlderThan";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// base64.RawURLEncoding.
std::string base64_encode(std::string_view bytes) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (unsigned char c : bytes) {
    bits = bits << 8 | c;
    count += 8;
    while (count >= 6) out += kAlphabet[bits >> (count -= 6) & 63];
  }
  if (count > 0) out += kAlphabet[bits << (6 - count) & 63];
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 255);
  }
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

// Tokens are JSON that we or upstream wrote: one flat object of strings and integers.
class TokenReader {
 public:
  explicit TokenReader(std::string_view json) : rest_(json) {}

  bool read(std::string& version, int64_t& revision, std::string& start) {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      std::string key;
      if (!string(key) || !take(':')) return false;
      const bool ok = key == "rv"  ? integer(revision)
                      : key == "v" ? string(version)
                                   : key == "start" && string(start);
      if (!ok) return false;
    } while (take(','));
    return take('}');
  }

 private:
  void skip() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool integer(int64_t& out) {
    skip();
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc()) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }
  bool string(std::string& out) {
    if (!take('"')) return false;
    while (!rest_.empty()) {
      char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (rest_.empty()) return false;
      c = rest_[0];
      rest_.remove_prefix(1);
      if (c != 'u') {
        out += c;
        continue;
      }
      unsigned code = 0;
      if (rest_.size() < 4 ||
          std::from_chars(rest_.data(), rest_.data() + 4, code, 16).ptr != rest_.data() + 4 || code > 127)
        return false;
      out += static_cast<char>(code);
      rest_.remove_prefix(4);
    }
    return false;
  }

  std::string_view rest_;
};

// path.Clean would leave it as it is.
bool is_clean(std::string_view key) {
  while (!key.empty()) {
    const size_t slash = std::min(key.find('/'), key.size());
    const std::string_view part = key.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == key.size()) return true;
    key.remove_prefix(slash + 1);
  }
  return false;
}

std::unexpected<Status> bad_token(std::string_view why) {
  return fail(errors::bad_request(fmt::format("invalid continue token: continue key is not valid: {}", why)));
}

Result<void> invalid_options(const field::Errors& errors) {
  if (errors.empty()) return {};
  const KindName kind{"meta.k8s.io", "ListOptions"};
  return fail(errors::invalid(kind, "", field::causes(errors)));
}

}  // namespace

std::string ContinueToken::encode(std::string_view prefix) const {
  return base64_encode(fmt::format("{{\"v\":\"{}\",\"rv\":{},\"start\":{}}}", kTokenVersion, revision,
                                   json_string(std::string_view(start_key).substr(prefix.size()))));
}

Result<ContinueToken> ContinueToken::decode(std::string_view text, std::string_view prefix) {
  const std::optional<std::string> json = base64_decode(text);
  if (!json) return bad_token("illegal base64 data");
  ContinueToken out;
  std::string version, start;
  if (!TokenReader(*json).read(version, out.revision, start)) return bad_token("malformed JSON");
  if (version != kTokenVersion)
    return bad_token("server does not recognize this encoded version " + field::quote(version));
  if (out.revision == 0) return bad_token("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  if (start.empty()) return bad_token("encoded start key empty (version meta.k8s.io/v1)");
  if (start.front() == '/') start.erase(0, 1);
  if (!is_clean(start)) return bad_token(start);
  out.start_key = std::string(prefix) + start;
  return out;
}

Result<void> validate_list(const ListRequest& request) {
  field::Errors errors;
  const std::string& match = request.resource_version_match;
  const field::Path path("resourceVersionMatch");
  if (!match.empty()) {
    if (request.resource_version.empty())
      errors.push_back(
          field::forbidden(path, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    if (!request.continue_.empty())
      errors.push_back(field::forbidden(path, "resourceVersionMatch is forbidden when continue is provided"));
    if (match != kExact && match != kNotOlderThan) {
      static constexpr std::string_view kSupported[] = {kExact, kNotOlderThan, ""};
      errors.push_back(field::not_supported(path, match, kSupported));
    }
    if (match == kExact && request.resource_version == "0")
      errors.push_back(
          field::forbidden(path, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
  }
  if (request.send_initial_events) {
    errors.push_back(
        field::forbidden(field::Path("sendInitialEvents"), "sendInitialEvents is forbidden for list"));
  }
  return invalid_options(errors);
}

Result<void> validate_watch(const WatchRequest& request) {
  field::Errors errors;
  const std::string& match = request.resource_version_match;
  const field::Path path("resourceVersionMatch");
  if (request.send_initial_events && match != kNotOlderThan)
    errors.push_back(
        field::forbidden(path, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  if (!match.empty()) {
    if (!request.send_initial_events)
      errors.push_back(field::forbidden(
          path, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
    if (match != kNotOlderThan) {
      static constexpr std::string_view kSupported[] = {kNotOlderThan};
      errors.push_back(field::not_supported(path, match, kSupported));
    }
    if (!request.continue_.empty())
      errors.push_back(field::forbidden(path, "resourceVersionMatch is forbidden when continue is provided"));
  }
  return invalid_options(errors);
}

namespace {

std::optional<int64_t> version_of(std::string_view text, bool& out_of_range) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  out_of_range = error == std::errc::result_out_of_range || value > INT64_MAX;
  if (error != std::errc() || end != text.data() + text.size() || value > INT64_MAX) return std::nullopt;
  return static_cast<int64_t>(value);
}

}  // namespace

std::string version_error(std::string_view text) {
  bool out_of_range = false;
  (void)version_of(text, out_of_range);
  return fmt::format("strconv.ParseUint: parsing {}: {}", field::quote(text),
                     out_of_range ? "value out of range" : "invalid syntax");
}

Result<int64_t> parse_resource_version(std::string_view text) {
  if (text.empty()) return 0;
  bool out_of_range = false;
  const std::optional<int64_t> value = version_of(text, out_of_range);
  if (!value) {
    const field::Path path("resourceVersion");
    const field::Error invalid = field::invalid_string(path, text, version_error(text));
    return fail(errors::bad_request("invalid resource version: " + invalid.field + ": " + invalid.body));
  }
  return *value;
}

Result<void> add_selectors(EntryFilter& filter, SelectorTexts texts, const EntryFormat& format,
                           const Strategy& strategy, bool namespaced) {
  TRY(filter.labels, api::LabelSelector::parse(texts.label_selector));
  TRY(api::FieldSelector fields, api::FieldSelector::parse(texts.field_selector));
  const auto names = format.selectable();
  for (const api::FieldSelector::Term& term : fields.terms()) {
    const auto found = std::find(names.begin(), names.end(), term.field);
    if (found == names.end())
      return fail(errors::bad_request(strategy.unsupported_field(term.field, namespaced)));
    filter.fields.push_back({static_cast<size_t>(found - names.begin()), term.value, term.equal});
  }
  return {};
}

namespace {

constexpr size_t kMostUnreadable = 100;

std::string storage_error(const UnreadableObject& object, std::string_view key) {
  return fmt::format(
      "StorageError: corrupt object, Code: 7, Key: {}, ResourceVersion: 0, AdditionalErrorMsg: object not "
      "decodable revision={}: {}",
      key, object.revision, object.why);
}

}  // namespace

Status unreadable_object(const UnreadableObject& object) {
  constexpr std::string_view kRoot = "/registry";
  std::string_view key = object.key;
  if (key.starts_with(kRoot)) key.remove_prefix(kRoot.size());
  return errors::internal(storage_error(object, key));
}

Status unreadable_list(ResourceName resource, const std::vector<UnreadableObject>& objects) {
  Status status(500, reason::kStorageReadError,
                fmt::format("failed to read one or more {} from the storage", resource.qualified()));
  status.details.group = resource.group;
  status.details.kind = resource.resource;
  status.details.name = "list";
  for (const UnreadableObject& object : objects) {
    if (status.details.causes.size() == kMostUnreadable) {
      status.details.causes.push_back({"FieldValueTooMany", "too many errors, the list is truncated", ""});
      break;
    }
    status.details.causes.push_back(
        {"UnexpectedServerResponse", storage_error(object, object.key), object.key});
  }
  return status;
}

Status page_expired(std::string_view start_key, std::string_view prefix) {
  Status status = errors::expired(
      "The provided continue parameter is too old to display a consistent list result. You can start a new "
      "list without the "
      "continue parameter, or use the continue token in this response to retrieve the remainder of the "
      "results. Continuing "
      "with the provided token results in an inconsistent list - objects that were created, modified, or "
      "deleted between the "
      "time the first chunk was returned and now may show up in the list.");
  ContinueToken token;
  token.revision = ContinueToken::kInconsistent;
  token.start_key = start_key;
  status.details.causes.push_back({std::string(kContinueCause), token.encode(prefix), ""});
  return status;
}

}  // namespace xebec::apiserver
