#include "apiserver/http/negotiate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace xebec::apiserver {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

template <class F>
void split(std::string_view text, char separator, F&& f) {
  for (;;) {
    size_t end = text.find(separator);
    f(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::optional<AcceptClause> parse_clause(std::string_view text) {
  AcceptClause clause;
  bool first = true, good = true;
  split(text, ';', [&](std::string_view part) {
    if (first) {
      first = false;
      size_t slash = part.find('/');
      good = slash != std::string_view::npos || part == "*";
      clause.type = lower(trimmed(part.substr(0, slash)));
      clause.subtype = slash == std::string_view::npos ? "*" : lower(trimmed(part.substr(slash + 1)));
      return;
    }
    size_t equal = part.find('=');
    if (equal == std::string_view::npos) return;
    std::string name = lower(trimmed(part.substr(0, equal)));
    std::string value = unquoted(trimmed(part.substr(equal + 1)));
    if (name == "q") {
      clause.q = std::strtod(value.c_str(), nullptr);
    } else {
      clause.params.emplace_back(std::move(name), std::move(value));
    }
  });
  if (!good) return std::nullopt;
  return clause;
}

int generality(const AcceptClause& clause) { return clause.type == "*" ? 2 : clause.subtype == "*" ? 1 : 0; }

struct Known {
  std::string_view type, subtype;
  MediaType media;
};
constexpr Known kKnown[] = {{"application", "json", MediaType::kJson},
                            {"application", "yaml", MediaType::kYaml},
                            {"application", "vnd.kubernetes.protobuf", MediaType::kProtobuf},
                            {"application", "cbor", MediaType::kCbor}};
// What a watch in CBOR is; clients ask for it by that name or by the plain one.
constexpr Known kCborSequence{"application", "cbor-seq", MediaType::kCbor};

bool matches(const AcceptClause& clause, const Known& known) {
  return (clause.type == "*" || clause.type == known.type) &&
         (clause.subtype == "*" || clause.subtype == known.subtype);
}

// Fills `accepted` from the clause's parameters; false when the endpoint cannot give what they ask for.
bool take_params(const AcceptClause& clause, const Offered& offered, Accepted& accepted) {
  std::string_view stream = clause.param("stream");
  if (!stream.empty() && !(offered.stream && stream == "watch")) return false;
  if (clause.param("pretty") == "1") accepted.pretty = true;
  std::string_view as = clause.param("as");
  if (as.empty()) return true;
  if (!offered.views || clause.param("g") != "meta.k8s.io") return false;
  std::string_view version = clause.param("v");
  if (version != "v1" && version != "v1beta1") return false;
  accepted.view_version = version;
  if (as == "Table") {
    accepted.view = View::kTable;
    return accepted.type != MediaType::kProtobuf;
  }
  accepted.view = View::kPartialMetadata;
  accepted.list_view = as == "PartialObjectMetadataList";
  // A list is only given to those who ask for the list kind, and an object to those who ask for an object.
  return as == (offered.list && !offered.stream ? "PartialObjectMetadataList" : "PartialObjectMetadata");
}

Status not_acceptable(const Offered& offered) {
  return errors::not_acceptable(
      fmt::format("only the following media types are accepted: application/json, {}{}",
                  offered.yaml ? "application/yaml, " : "",
                  offered.stream ? "application/vnd.kubernetes.protobuf, application/json;stream=watch, "
                                   "application/vnd.kubernetes.protobuf;stream=watch, application/cbor-seq"
                  : offered.cbor ? "application/vnd.kubernetes.protobuf, application/cbor"
                                 : "application/vnd.kubernetes.protobuf"));
}

}  // namespace

std::string_view content_type(MediaType type) {
  switch (type) {
    case MediaType::kJson:
      return "application/json";
    case MediaType::kYaml:
      return "application/yaml";
    case MediaType::kProtobuf:
      return "application/vnd.kubernetes.protobuf";
    case MediaType::kCbor:
      return "application/cbor";
  }
  return "";
}

std::string_view stream_content_type(MediaType type) {
  if (type == MediaType::kCbor) return "application/cbor-seq";
  return type == MediaType::kProtobuf ? "application/vnd.kubernetes.protobuf;stream=watch"
                                      : "application/json";
}

size_t stream_framing(MediaType type) { return type == MediaType::kProtobuf ? 4 : 0; }

std::string_view AcceptClause::param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  return {};
}

std::vector<AcceptClause> parse_accept(std::string_view header) {
  std::vector<AcceptClause> clauses;
  split(header, ',', [&](std::string_view part) {
    if (part.empty()) return;
    if (auto clause = parse_clause(part)) clauses.push_back(std::move(*clause));
  });
  std::ranges::stable_sort(clauses, [](const AcceptClause& a, const AcceptClause& b) {
    return a.q != b.q ? a.q > b.q : generality(a) < generality(b);
  });
  return clauses;
}

bool wants_pretty(const http::Request& request) {
  if (auto pretty = request.param("pretty"); pretty && !pretty->empty()) {
    std::string value = lower(*pretty);
    return value == "1" || value == "t" || value == "true";
  }
  std::string_view agent = request.headers.get("user-agent");
  return agent.starts_with("curl") || agent.starts_with("Wget") || agent.starts_with("Mozilla/5.0");
}

Result<Accepted> negotiate(const http::Request& request, const Offered& offered) {
  std::string header;
  for (std::string_view value : request.headers.all("accept")) {
    if (!header.empty()) header += ",";
    header += value;
  }
  Accepted accepted;
  accepted.pretty = wants_pretty(request);
  if (trimmed(header).empty()) return accepted;
  for (const AcceptClause& clause : parse_accept(header)) {
    if (clause.q == 0) continue;
    for (const Known& known : kKnown) {
      if (known.media == MediaType::kYaml && (!offered.yaml || offered.stream)) continue;
      if (known.media == MediaType::kCbor && !offered.cbor) continue;
      if (!matches(clause, known) &&
          !(offered.stream && known.media == MediaType::kCbor && matches(clause, kCborSequence)))
        continue;
      Accepted candidate = accepted;
      candidate.type = known.media;
      if (take_params(clause, offered, candidate)) return candidate;
    }
  }
  return fail(not_acceptable(offered));
}

namespace {

// As Go's mime parser wants them: each a name and a value, none twice; a semicolon at the end is no matter.
bool has_good_parameters(std::string_view value) {
  std::vector<std::string> names;
  bool good = true, ended = false;
  size_t start = value.find(';');
  if (start == std::string_view::npos) return true;
  split(value.substr(start + 1), ';', [&](std::string_view part) {
    if (part.empty()) {
      ended = true;
      return;
    }
    const size_t equal = part.find('=');
    const std::string name = lower(part.substr(0, equal));
    if (ended || equal == 0 || equal == std::string_view::npos || equal + 1 == part.size() ||
        std::ranges::find(names, name) != names.end())
      good = false;
    names.push_back(name);
  });
  return good;
}

}  // namespace

std::string bare_media_type(std::string_view value) {
  return lower(trimmed(value.substr(0, value.find(';'))));
}

Result<MediaType> body_media_type(const http::Request& request) {
  const std::string_view given = request.headers.get("content-type");
  if (given.empty()) return MediaType::kJson;
  const std::string type = has_good_parameters(given) ? bare_media_type(given) : std::string();
  for (const Known& known : kKnown) {
    if (type == fmt::format("{}/{}", known.type, known.subtype)) return known.media;
  }
  return fail(errors::unsupported_media_type(
      "the body of the request was in an unknown format - accepted media types include: application/json, "
      "application/yaml, application/vnd.kubernetes.protobuf, application/cbor"));
}

}  // namespace xebec::apiserver
