#include <libfyaml.h>

#include <cmath>
#include <map>
#include <memory>

#include "base/go_quote.h"
#include "codec/json_text.h"
#include "codec/yaml.h"
#include "codec/yaml_scalar.h"

namespace xebec::codec {
namespace {

struct Freer {
  void operator()(fy_parser* p) const { fy_parser_destroy(p); }
  void operator()(fy_diag* d) const { fy_diag_destroy(d); }
};

std::string_view text_of(fy_token* token) {
  if (!token) return {};
  std::size_t length = 0;
  const char* text = fy_token_get_text(token, &length);
  return text ? std::string_view(text, length) : std::string_view();
}

// libfyaml's words in go-yaml's where both have one for the same mistake.
std::string_view go_words(std::string_view message) {
  struct Pair {
    std::string_view ours, go;
  };
  static constexpr Pair kPairs[] = {
      {"invalid nested block mapping on the same line", "mapping values are not allowed in this context"},
      {"tab character may not be used as indentation", "found character that cannot start any token"},
      {"double-quoted scalar without closing quote", "found unexpected end of stream"},
      {"single-quoted scalar without closing quote", "found unexpected end of stream"},
      {"flow sequence without a closing bracket", "did not find expected ',' or ']'"},
      {"flow mapping without a closing brace", "did not find expected ',' or '}'"},
      {"did not find expected key", "did not find expected key"},
  };
  for (const Pair& pair : kPairs) {
    if (message == pair.ours) return pair.go;
  }
  return message;
}

// What go-yaml says of an invalid sequence.
std::string_view utf8_problem(const char* p, const char* end) {
  auto byte = [&](int i) { return static_cast<unsigned char>(p[i]); };
  const int length = (byte(0) & 0xe0) == 0xc0   ? 2
                     : (byte(0) & 0xf0) == 0xe0 ? 3
                     : (byte(0) & 0xf8) == 0xf0 ? 4
                                                : 0;
  if (length == 0) return "invalid leading UTF-8 octet";
  if (end - p < length) return "incomplete UTF-8 octet sequence";
  for (int i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return "invalid trailing UTF-8 octet";
  const bool surrogate = byte(0) == 0xed && byte(1) >= 0xa0;
  const bool beyond = byte(0) > 0xf4 || (byte(0) == 0xf4 && byte(1) >= 0x90);
  return surrogate || beyond ? "invalid Unicode character" : "invalid length of a UTF-8 sequence";
}

// go-yaml reads valid UTF-8 without control characters only; libfyaml would read on, or for ever. Its
// complaint; empty when there is none.
std::string_view bad_characters(std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  if (text.starts_with("\xef\xbb\xbf")) p += 3;
  while (p != end) {
    const auto first = static_cast<unsigned char>(*p);
    if (first < 0x80) {
      if ((first < 0x20 && first != '\t' && first != '\n' && first != '\r') || first == 0x7f)
        return "control characters are not allowed";
      ++p;
      continue;
    }
    const int length = utf8_length(p, end);
    if (length == 0) return utf8_problem(p, end);
    const std::string_view rune(p, static_cast<std::size_t>(length));
    const bool c1_control = first == 0xc2 && static_cast<unsigned char>(p[1]) < 0xa0 && rune != "\xc2\x85";
    if (c1_control || rune == "\xef\xbb\xbf" || rune == "\xef\xbf\xbe" || rune == "\xef\xbf\xbf")
      return "control characters are not allowed";
    p += length;
  }
  return {};
}

// go-yaml's guard against documents that blow up through aliases.
bool excessive_aliasing(uint64_t decoded, uint64_t aliased) {
  constexpr double kLow = 400000, kHigh = 4000000;
  double count = static_cast<double>(decoded);
  double allowed = count <= kLow    ? 0.99
                   : count >= kHigh ? 0.10
                                    : 0.99 - 0.89 * (count - kLow) / (kHigh - kLow);
  return aliased > 100 && decoded > 1000 && static_cast<double>(aliased) / count > allowed;
}

// Builds trees from the parser's events, without recursion.
class Builder {
 public:
  Builder(std::string_view text, bool strict) : text_(text), strict_(strict) {}

  // false: error() says why.
  bool event(fy_event* e) {
    const fy_mark* mark = fy_event_start_mark(e);
    if (mark) line_ = mark->line + 1;
    switch (e->type) {
      case FYET_MAPPING_START:
        return open(e, ValueMap());
      case FYET_SEQUENCE_START:
        return open(e, ValueList());
      case FYET_MAPPING_END:
      case FYET_SEQUENCE_END:
        return close();
      case FYET_SCALAR:
        return scalar(e);
      case FYET_ALIAS:
        return alias(std::string(text_of(e->alias.anchor)));
      case FYET_DOCUMENT_START:
        anchors_.clear();
        root_ = nullptr;
        return true;
      case FYET_DOCUMENT_END:
        done_ = true;
        return true;
      default:
        return true;
    }
  }

  bool take_document(Value& out) {
    if (!done_) return false;
    done_ = false;
    out = std::move(root_);
    return true;
  }
  const std::string& error() const { return error_; }
  std::string duplicates() const {
    return duplicates_.empty() ? "" : "yaml: unmarshal errors:" + duplicates_;
  }

 private:
  struct Anchor {
    Value value;
    uint64_t nodes = 1;
  };
  struct Level {
    Value container;
    std::string anchor;
    std::string key;
    bool has_key = false, merge = false;
    uint64_t nodes = 1;
    int line = 0;
    int column = 0;  // where it starts
  };

  bool fail_with(std::string why) {
    if (error_.empty()) error_ = "yaml: " + std::move(why);
    return false;
  }

  bool open(fy_event* e, Value container) {
    if (levels_.size() >= static_cast<std::size_t>(kMaxJsonDepth)) return fail_with("exceeded max depth");
    Level& level = levels_.emplace_back();
    level.container = std::move(container);
    level.anchor = text_of(fy_event_get_anchor_token(e));
    level.line = line_;
    if (const fy_mark* mark = fy_event_start_mark(e)) level.column = mark->column;
    return true;
  }

  // A block scalar whose text is not deeper than its parent has no text, and what follows is something else;
  // libfyaml takes it for the text all the same, and then even reads past it.
  bool too_shallow(fy_event* e) const {
    const fy_scalar_style style = fy_token_scalar_style(e->scalar.value);
    const fy_mark* mark = fy_event_start_mark(e);
    if ((style != FYSS_LITERAL && style != FYSS_FOLDED) || !mark || levels_.empty()) return false;
    const std::size_t begin = text_.find_first_not_of(" \r\n", mark->input_pos);
    if (begin == std::string_view::npos || begin >= fy_event_end_mark(e)->input_pos) return false;
    const std::size_t newline = text_.rfind('\n', begin);
    const std::size_t line = newline == std::string_view::npos ? 0 : newline + 1;
    return static_cast<int>(begin - line) <= levels_.back().column;
  }

  bool close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (level.merge || level.has_key)
      return fail_with("line " + std::to_string(line_) + ": did not find expected key");
    return put(std::move(level.container), level.nodes, level.anchor, false);
  }

  // libfyaml leaks memory over single-quoted scalars with many quotes in them, and ends folded ones wrongly.
  std::string_view scalar_text(fy_event* e, std::string& unquoted) const {
    fy_token* token = e->scalar.value;
    if (token && fy_token_scalar_style(token) == FYSS_SINGLE_QUOTED) {
      const fy_mark* start = fy_token_start_mark(token);
      const fy_mark* end = fy_token_end_mark(token);
      unquoted = unquote_single(text_.substr(start->input_pos, end->input_pos - start->input_pos));
      return unquoted;
    }
    return text_of(token);
  }

  bool scalar(fy_event* e) {
    if (e->scalar.value && too_shallow(e))
      return fail_with("line " + std::to_string(line_) + ": could not find expected ':'");
    std::string unquoted;
    std::string_view text = scalar_text(e, unquoted);
    std::string_view tag = text_of(e->scalar.tag);
    bool plain = e->scalar.value && fy_token_scalar_style(e->scalar.value) == FYSS_PLAIN;
    if (!e->scalar.value) plain = true;
    Value value;
    if (tag.ends_with(":str") || tag == "!" || (tag.empty() && !plain)) {
      value = text;
    } else if (tag.ends_with(":binary")) {
      std::string bytes, problem;
      if (!decode_base64(text, bytes, problem))
        return fail_with("!!binary value contains invalid base64 data");
      // It goes through JSON, which has no other bytes.
      value = to_valid_utf8(bytes);
    } else {
      value = resolve_yaml_scalar(text);
      if (const double* real = value.as_double(); real && !std::isfinite(*real)) {
        return fail_with("json: unsupported value: " + go_float_g(*real));
      }
    }
    bool merge = plain && tag.empty() && text == "<<";
    return put(std::move(value), 1, std::string(text_of(e->scalar.anchor)), merge);
  }

  bool alias(const std::string& name) {
    auto it = anchors_.find(name);
    if (it == anchors_.end()) {
      for (const Level& level : levels_) {
        if (level.anchor == name) return fail_with("anchor '" + name + "' value contains itself");
      }
      return fail_with("unknown anchor '" + name + "' referenced");
    }
    aliased_ += it->second.nodes;
    decoded_ += it->second.nodes;
    if (excessive_aliasing(decoded_, aliased_)) return fail_with("document contains excessive aliasing");
    return put(it->second.value, it->second.nodes, "", false);
  }

  // A finished node: the document, an element, a key or a value.
  bool put(Value value, uint64_t nodes, const std::string& anchor, bool merge_key) {
    ++decoded_;
    if (!anchor.empty()) anchors_[anchor] = Anchor{value, nodes};
    if (levels_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Level& level = levels_.back();
    level.nodes += nodes;
    if (ValueList* list = level.container.as_list()) {
      list->push_back(std::move(value));
      return true;
    }
    if (level.merge) {
      level.merge = false;
      return merge(*level.container.as_map(), value);
    }
    if (!level.has_key) {
      if (merge_key) {
        level.merge = true;
        return true;
      }
      level.has_key = true;
      return key_text(value, level.key);
    }
    level.has_key = false;
    auto [slot, fresh] = level.container.as_map()->try_emplace(level.key);
    if (!fresh) duplicate(level.key);
    *slot = std::move(value);
    return true;
  }

  bool key_text(const Value& key, std::string& out) {
    if (key.is_list() || key.is_map() || key.is_null()) {
      return fail_with("unsupported map key of type: " + std::string(key.is_list()  ? "slice"
                                                                     : key.is_map() ? "map"
                                                                                    : "invalid"));
    }
    out = go_format(key);
    return true;
  }

  bool merge(ValueMap& into, const Value& from) {
    if (const ValueMap* map = from.as_map()) {
      for (const ValueMember& m : *map) into.set(m.key, m.value);
      return true;
    }
    if (!from.is_list()) return fail_with("map merge requires map or sequence of maps as the value");
    const ValueList& list = *from.as_list();
    for (auto it = list.rbegin(); it != list.rend(); ++it) {  // earlier ones take precedence
      if (!it->is_map()) return fail_with("map merge requires map or sequence of maps as the value");
      merge(into, *it);
    }
    return true;
  }

  void duplicate(const std::string& key) {
    if (strict_)
      duplicates_ += "\n  line " + std::to_string(line_) + ": key " + go_quote(key) + " already set in map";
  }

  std::string_view text_;  // the whole input, for marks point into it
  bool strict_;
  std::vector<Level> levels_;
  std::map<std::string, Anchor> anchors_;
  Value root_;
  bool done_ = false;
  int line_ = 1;
  uint64_t decoded_ = 0, aliased_ = 0;
  std::string error_, duplicates_;
};

class Reader {
 public:
  Reader(std::string_view text, bool strict) : builder_(text, strict) {
    fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_.reset(fy_diag_create(&diag_cfg));
    fy_diag_set_collect_errors(diag_.get(), true);
    fy_parse_cfg cfg{};
    cfg.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_DEPTH_LIMIT |
                                                FYPCF_DEFAULT_VERSION_1_1 | FYPCF_ALLOW_DUPLICATE_KEYS |
                                                FYPCF_SLOPPY_FLOW_INDENTATION | FYPCF_JSON_NONE);
    cfg.diag = diag_.get();
    parser_.reset(fy_parser_create(&cfg));
    fy_parser_set_string(parser_.get(), text.data(), text.size());
  }

  // false at the end of the stream.
  Result<bool> next(Value& out) {
    while (fy_event* e = fy_parser_parse(parser_.get())) {
      bool good = builder_.event(e);
      fy_parser_event_free(parser_.get(), e);
      if (!good) return fail(errors::bad_request(builder_.error()));
      if (builder_.take_document(out)) return true;
    }
    if (!fy_diag_got_error(diag_.get())) return false;
    void* previous = nullptr;
    const fy_diag_error* error = fy_diag_errors_iterate(diag_.get(), &previous);
    if (!error || !error->msg) return fail(errors::bad_request("yaml: invalid document"));
    return fail(errors::bad_request("yaml: line " + std::to_string(error->line) + ": " +
                                    std::string(go_words(error->msg))));
  }
  std::string duplicates() const { return builder_.duplicates(); }

 private:
  std::unique_ptr<fy_diag, Freer> diag_;
  std::unique_ptr<fy_parser, Freer> parser_;
  Builder builder_;
};

Result<void> check_characters(std::string_view text) {
  const std::string_view why = bad_characters(text);
  if (why.empty()) return {};
  return fail(errors::bad_request("yaml: " + std::string(why)));
}

bool looks_like_json(std::string_view text) {
  std::size_t start = text.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && text[start] == '{';
}

}  // namespace

Result<Value> parse_yaml(std::string_view text, std::vector<std::string>* strict_errors) {
  TRY_VOID(check_characters(text));
  Reader reader(text, strict_errors != nullptr);
  Value value;
  TRY_VOID(reader.next(value));
  if (strict_errors) {
    if (std::string duplicates = reader.duplicates(); !duplicates.empty())
      strict_errors->push_back(duplicates);
  }
  return value;
}

Result<std::vector<Value>> parse_yaml_stream(std::string_view text) {
  TRY_VOID(check_characters(text));
  Reader reader(text, false);
  std::vector<Value> documents;
  while (true) {
    Value value;
    TRY(bool more, reader.next(value));
    if (!more) return documents;
    documents.push_back(std::move(value));
  }
}

std::vector<std::string_view> split_yaml(std::string_view text) {
  std::vector<std::string_view> documents;
  std::size_t start = 0;
  for (std::size_t line = 0; line < text.size();) {
    std::size_t end = text.find('\n', line);
    if (end == std::string_view::npos) end = text.size();
    std::string_view rest = text.substr(line, end - line);
    if (rest.starts_with("---")) {
      rest.remove_prefix(3);
      std::size_t first = rest.find_first_not_of(" \t\r");
      if (first == std::string_view::npos || rest[first] == '#') {
        if (line > start) documents.push_back(text.substr(start, line - start));
        start = std::min(end + 1, text.size());
      }
    }
    line = end + 1;
  }
  if (start < text.size()) documents.push_back(text.substr(start));
  return documents;
}

Result<DecodeResult> decode_yaml(const api::Message& type, std::string_view text, void* object,
                                 Strictness strictness) {
  if (looks_like_json(text) && check_json(text).empty()) return decode_json(type, text, object, strictness);
  std::vector<std::string> strict_errors;
  TRY(Value value, parse_yaml(text, strictness == Strictness::Ignore ? nullptr : &strict_errors));
  TRY(DecodeResult result, decode_json(type, to_json(value), object,
                                       strictness == Strictness::Strict ? Strictness::Warn : strictness));
  result.strict_errors.insert(result.strict_errors.begin(), strict_errors.begin(), strict_errors.end());
  if (strictness == Strictness::Strict && !result.strict_errors.empty()) {
    return fail(errors::bad_request(strict_message(result.strict_errors)));
  }
  return result;
}

Result<TypeMeta> interpret_yaml(std::string_view text) {
  if (looks_like_json(text) && check_json(text).empty()) return interpret_json(text);
  TRY(Value value, parse_yaml(text));
  return interpret_json(to_json(value));
}

}  // namespace xebec::codec
