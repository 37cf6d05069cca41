// Writes YAML byte for byte as sigs.k8s.io/yaml does through go-yaml v2's emitter (a port of libyaml's):
// block style, natural key order, plain scalars where they stay strings, folded at 80 columns.
#include <algorithm>

#include "codec/json_text.h"
#include "codec/view.h"
#include "codec/yaml.h"
#include "codec/yaml_scalar.h"

namespace xebec::codec {
namespace {

constexpr int kWidth = 80;
constexpr std::size_t kMaxSimpleKey = 128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Rune {
  uint32_t code;
  int length;
};

Rune rune_at(std::string_view text, std::size_t i) {
  int n = std::max(1, utf8_length(text.data() + i, text.data() + text.size()));
  unsigned char c = static_cast<unsigned char>(text[i]);
  uint32_t code = n == 1 ? c : n == 2 ? c & 0x1Fu : n == 3 ? c & 0x0Fu : c & 0x07u;
  for (int k = 1; k < n; ++k)
    code = code << 6 | (static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]) & 0x3F);
  return {code, n};
}

bool is_break(uint32_t c) { return c == '\r' || c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029; }
bool is_blank_or_end(std::string_view text, std::size_t i) {
  if (i >= text.size()) return true;
  uint32_t c = rune_at(text, i).code;
  return c == ' ' || c == '\t' || is_break(c);
}
bool is_printable(uint32_t c) {
  return c == '\n' || (c >= 0x20 && c <= 0x7E) || (c >= 0xA0 && c < 0xD800) ||
         (c >= 0xE000 && c < 0xFFFE && c != 0xFEFF);
}
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// go-yaml's natural order of keys: numbers inside compare by value, letters come after other characters.
bool key_less(std::string_view a, std::string_view b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == b[i]) continue;
    bool al = is_letter(a[i]) || (a[i] & 0x80), bl = is_letter(b[i]) || (b[i] & 0x80);
    auto bytes = [&] { return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]); };
    if (al && bl) return bytes();
    if (al || bl) return bl;
    int64_t an = 0, bn = 0;
    if (a[i] == '0' || b[i] == '0') {
      for (std::size_t j = i; j > 0 && is_digit(a[j - 1]); --j) {
        if (a[j - 1] != '0') {
          an = bn = 1;
          break;
        }
      }
    }
    std::size_t ai = i, bi = i;
    for (; ai < a.size() && is_digit(a[ai]); ++ai)
      an = static_cast<int64_t>(static_cast<uint64_t>(an) * 10 + static_cast<uint64_t>(a[ai] - '0'));
    for (; bi < b.size() && is_digit(b[bi]); ++bi)
      bn = static_cast<int64_t>(static_cast<uint64_t>(bn) * 10 + static_cast<uint64_t>(b[bi] - '0'));
    if (an != bn) return an < bn;
    if (ai != bi) return ai < bi;
    return bytes();
  }
  return a.size() < b.size();
}

// Which styles a text can be written in (libyaml's analyze_scalar).
struct Analysis {
  bool multiline = false, plain = true, single_quoted = true, block = true;
};

Analysis analyze(std::string_view text) {
  Analysis a;
  if (text.empty()) {
    a.block = false;
    return a;
  }
  bool indicators = text.starts_with("---") || text.starts_with("...");
  bool special = false, leading = false, trailing_space = false, trailing_break = false;
  bool break_space = false, space_break = false, previous_space = false, previous_break = false,
       after_blank = true;
  for (std::size_t i = 0; i < text.size();) {
    Rune r = rune_at(text, i);
    std::size_t next = i + static_cast<std::size_t>(r.length);
    bool before_blank = is_blank_or_end(text, next);
    bool first = i == 0, last = next == text.size();
    if (first) {
      if (r.code < 0x80 &&
          std::string_view("#,[]{}&*!|>'\"%@`").find(static_cast<char>(r.code)) != std::string_view::npos)
        indicators = true;
      if ((r.code == '?' || r.code == ':' || r.code == '-') && before_blank) indicators = true;
    } else {
      if (r.code == ':' && before_blank) indicators = true;
      if (r.code == '#' && after_blank) indicators = true;
    }
    if (!is_printable(r.code)) special = true;
    if (r.code == ' ') {
      leading |= first;
      trailing_space |= last;
      break_space |= previous_break;
      previous_space = true;
      previous_break = false;
    } else if (is_break(r.code)) {
      a.multiline = true;
      leading |= first;
      trailing_break |= last;
      space_break |= previous_space;
      previous_space = false;
      previous_break = true;
    } else {
      previous_space = previous_break = false;
    }
    after_blank = r.code == ' ' || r.code == '\t' || is_break(r.code);
    i = next;
  }
  if (leading || trailing_space || trailing_break || a.multiline || indicators) a.plain = false;
  if (trailing_space) a.block = false;
  if (break_space) a.plain = a.single_quoted = false;
  if (space_break || special) a.plain = a.single_quoted = a.block = false;
  return a;
}

class Emitter {
 public:
  explicit Emitter(std::string& out) : out_(out) {}

  void document(const Value& value) {
    node(value, -1, false, true);
    if (column_ > 0) newline();
  }

 private:
  // `indent` is that of the collection the node is in; `at_indent`: nothing but "- " stands before it on its
  // line.
  void node(const Value& value, int indent, bool in_mapping, bool at_indent) {
    if (const ValueMap* map = value.as_map(); map && !map->empty())
      return mapping(*map, indent < 0 ? 0 : indent + 2);
    if (const ValueList* list = value.as_list(); list && !list->empty()) {
      return sequence(*list, indent < 0 ? 0 : in_mapping && !at_indent ? indent : indent + 2);
    }
    space();
    int inner = indent < 0 ? 2 : indent + 2;
    switch (value.type()) {
      case Value::Type::Map:
        return put("{}");
      case Value::Type::List:
        return put("[]");
      case Value::Type::String:
        return string(*value.as_string(), inner, false);
      case Value::Type::Double:
        return put(go_float_g(*value.as_double()));
      default:
        return put(go_scalar(value));
    }
  }

  static std::string go_scalar(const Value& value) { return value.is_null() ? "null" : go_format(value); }

  void mapping(const ValueMap& map, int indent) {
    std::vector<const ValueMember*> members;
    for (const ValueMember& m : map) members.push_back(&m);
    // The order is not strict for all texts: a sort that copes with that.
    std::stable_sort(members.begin(), members.end(),
                     [](const auto* a, const auto* b) { return key_less(a->key, b->key); });
    for (const ValueMember* m : members) {
      start_line(indent);
      bool simple = m->key.size() <= kMaxSimpleKey && !analyze(m->key).multiline;
      if (!simple) {
        put("? ");
      }
      string(m->key, indent + 2, simple);
      if (!simple) start_line(indent);
      put(":");
      pending_space_ = true;
      node(m->value, indent, true, false);
    }
  }

  void sequence(const ValueList& list, int indent) {
    for (const Value& item : list) {
      start_line(indent);
      put("-");
      pending_space_ = true;
      dash_ = true;
      node(item, indent, false, true);
    }
  }

  // A string in the first style of plain, single-quoted, double-quoted (or literal) that can hold it.
  void string(std::string_view text, int indent, bool key) {
    Analysis a = analyze(text);
    bool valid = true;
    for (std::size_t i = 0; i < text.size() && valid;) {
      int n = utf8_length(text.data() + i, text.data() + text.size());
      valid = n > 0;
      i += static_cast<std::size_t>(n);
    }
    Value resolved = text.empty() ? Value() : resolve_yaml_scalar(text);
    bool stays = resolved.is_string() && !is_yaml_timestamp(text) && !is_base60_float(text) && text != "<<";
    if (!valid) return double_quoted(text, indent, key);
    if (text.find('\n') != std::string_view::npos) {
      if (a.block && !key) return literal(text, indent);
      return double_quoted(text, indent, key);
    }
    if (!stays) return double_quoted(text, indent, key);
    if (key && a.multiline) return double_quoted(text, indent, key);
    if (a.plain) return plain(text, indent, key);
    if (a.single_quoted) return single_quoted(text, indent, key);
    double_quoted(text, indent, key);
  }

  bool folds(std::string_view text, std::size_t i, bool key, bool after_space) const {
    return !key && !after_space && column_ > kWidth && !(i + 1 < text.size() && text[i + 1] == ' ');
  }

  void plain(std::string_view text, int indent, bool key) {
    bool spaces = false;
    for (std::size_t i = 0; i < text.size();) {
      Rune r = rune_at(text, i);
      if (r.code == ' ' && folds(text, i, key, spaces)) {
        fold(indent);
      } else {
        put_rune(text.substr(i, static_cast<std::size_t>(r.length)));
      }
      spaces = r.code == ' ';
      i += static_cast<std::size_t>(r.length);
    }
  }

  void single_quoted(std::string_view text, int indent, bool key) {
    put("'");
    bool spaces = false;
    for (std::size_t i = 0; i < text.size();) {
      Rune r = rune_at(text, i);
      if (r.code == ' ' && folds(text, i, key, spaces) && i > 0 && i + 1 < text.size()) {
        fold(indent);
      } else {
        if (r.code == '\'') put("'");
        put_rune(text.substr(i, static_cast<std::size_t>(r.length)));
      }
      spaces = r.code == ' ';
      i += static_cast<std::size_t>(r.length);
    }
    put("'");
  }

  void double_quoted(std::string_view text, int indent, bool key) {
    put("\"");
    bool spaces = false;
    for (std::size_t i = 0; i < text.size();) {
      Rune r = rune_at(text, i);
      if (utf8_length(text.data() + i, text.data() + text.size()) == 0) r = {0xFFFD, 1};
      if (!is_printable(r.code) || r.code == '"' || r.code == '\\' || is_break(r.code)) {
        escape(r.code);
        spaces = false;
      } else if (r.code == ' ') {
        if (!key && !spaces && column_ > kWidth && i > 0 && i + 1 < text.size()) {
          fold(indent);
          if (text[i + 1] == ' ') put("\\");
        } else {
          put(" ");
        }
        spaces = true;
      } else {
        put_rune(text.substr(i, static_cast<std::size_t>(r.length)));
        spaces = false;
      }
      i += static_cast<std::size_t>(r.length);
    }
    put("\"");
  }

  void escape(uint32_t c) {
    switch (c) {
      case 0:
        return put("\\0");
      case 7:
        return put("\\a");
      case 8:
        return put("\\b");
      case 9:
        return put("\\t");
      case 10:
        return put("\\n");
      case 11:
        return put("\\v");
      case 12:
        return put("\\f");
      case 13:
        return put("\\r");
      case 27:
        return put("\\e");
      case '"':
        return put("\\\"");
      case '\\':
        return put("\\\\");
      case 0x85:
        return put("\\N");
      case 0xA0:
        return put("\\_");
      case 0x2028:
        return put("\\L");
      case 0x2029:
        return put("\\P");
      default:
        break;
    }
    int digits = c <= 0xFF ? 2 : c <= 0xFFFF ? 4 : 8;
    put(digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U");
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
      put(std::string_view(&"0123456789ABCDEF"[c >> shift & 15], 1));
  }

  void literal(std::string_view text, int indent) {
    put("|");
    if (text[0] == ' ' || is_break(rune_at(text, 0).code)) put("2");
    if (!text.ends_with('\n')) {
      put("-");
    } else if (text.size() == 1 || text[text.size() - 2] == '\n') {
      put("+");
    }
    newline();
    bool at_start = true;
    for (char c : text) {
      if (c == '\n') {
        newline();
        at_start = true;
        continue;
      }
      if (at_start) {
        out_.append(static_cast<std::size_t>(indent), ' ');
        column_ = indent;
        at_start = false;
      }
      out_ += c;
      ++column_;
    }
  }

  void fold(int indent) {
    newline();
    out_.append(static_cast<std::size_t>(indent), ' ');
    column_ = indent;
  }

  // A new line at the indent, unless a dash has just put us there.
  void start_line(int indent) {
    if (dash_ && column_ == indent - 1) {
      pending_space_ = false;
      dash_ = false;
      out_ += ' ';
      ++column_;
      return;
    }
    pending_space_ = dash_ = false;
    if (column_ > 0) newline();
    out_.append(static_cast<std::size_t>(indent), ' ');
    column_ = indent;
  }

  void space() {
    if (std::exchange(pending_space_, false)) put(" ");
    dash_ = false;
  }
  void put(std::string_view ascii) {
    out_ += ascii;
    column_ += static_cast<int>(ascii.size());
  }
  void put_rune(std::string_view rune) {
    out_ += rune;
    ++column_;
  }
  void newline() {
    out_ += '\n';
    column_ = 0;
  }

  std::string& out_;
  int column_ = 0;
  bool pending_space_ = false;  // after ":" or "-", before a value on the same line
  bool dash_ = false;
};

}  // namespace

std::string encode_yaml(const Value& value) {
  std::string out;
  Emitter(out).document(value);
  return out;
}

std::string encode_yaml(const api::Message& type, const void* object, std::string_view api_version,
                        std::string_view kind) {
  return encode_yaml(to_value(type, object, api_version, kind));
}

}  // namespace xebec::codec
