#include "api/selectors.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "api/field_error.h"
#include "api/gen/metav1.h"
#include "api/names.h"

namespace xebec::api {
namespace {

using Op = LabelSelector::Operator;
using Requirement = LabelSelector::Requirement;

std::unexpected<Status> bad(std::string message) { return fail(errors::bad_request(message)); }

std::optional<int64_t> to_int(std::string_view text) {
  int64_t value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string go_strings(const std::vector<std::string>& values) {
  std::string out = "[]string{";
  for (const std::string& v : values) out += (out.back() == '{' ? "" : ", ") + field::quote(v);
  return out + "}";
}

// The checks of labels.NewRequirement.
Result<Requirement> make_requirement(std::string key, Op op, std::vector<std::string> values) {
  field::Errors errors;
  for (const std::string& m : is_qualified_name(key))
    errors.push_back(field::invalid_string(field::Path("key"), key, m));
  const field::Path path("values");
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (op == Op::kIn || op == Op::kNotIn) {
    if (values.empty())
      errors.push_back(
          field::invalid(path, go_strings(values), "for 'in', 'notin' operators, values set can't be empty"));
  } else if (op == Op::kGreaterThan || op == Op::kLessThan) {
    if (values.size() != 1)
      errors.push_back(field::invalid(path, go_strings(values),
                                      "for 'Gt', 'Lt' operators, exactly one value is required"));
    for (size_t i = 0; i < values.size(); ++i)
      if (!to_int(values[i]))
        errors.push_back(field::invalid_string(path.index(i), values[i],
                                               "for 'Gt', 'Lt' operators, the value must be an integer"));
  } else if (!values.empty()) {
    errors.push_back(
        field::invalid(path, go_strings(values), "values set must be empty for exists and does not exist"));
  }
  for (size_t i = 0; i < values.size(); ++i)
    for (const std::string& m : is_valid_label_value(values[i]))
      errors.push_back(field::invalid_string(path.index(i).key(key), values[i], m));
  if (errors.empty()) return Requirement{std::move(key), op, std::move(values)};
  std::string text;
  for (const field::Error& e : errors) text += (text.empty() ? "" : ", ") + e.field + ": " + e.body;
  return bad(errors.size() == 1 ? text : "[" + text + "]");
}

enum class Token {
  kEnd,
  kClose,
  kOpen,
  kComma,
  kNot,
  kEquals,
  kDoubleEquals,
  kNotEquals,
  kGreater,
  kLess,
  kIn,
  kNotIn,
  kIdentifier,
  kError
};

struct Lexeme {
  Token token;
  std::string_view text;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // `values`: in and notin are plain values here, not operators.
  Lexeme peek(bool values) {
    const size_t at = position_;
    Lexeme out = next(values);
    position_ = at;
    return out;
  }

  Lexeme next(bool values) {
    while (position_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[position_]) != std::string_view::npos)
      ++position_;
    if (position_ == text_.size()) return {Token::kEnd, ""};
    const size_t start = position_;
    static constexpr std::string_view kSpecial = "=!(),><";
    if (kSpecial.find(text_[position_]) != std::string_view::npos) return special(start);
    while (position_ < text_.size() && kSpecial.find(text_[position_]) == std::string_view::npos &&
           std::string_view(" \t\r\n").find(text_[position_]) == std::string_view::npos)
      ++position_;
    const std::string_view word = text_.substr(start, position_ - start);
    if (!values && word == "in") return {Token::kIn, word};
    if (!values && word == "notin") return {Token::kNotIn, word};
    return {Token::kIdentifier, word};
  }

 private:
  Lexeme special(size_t start) {
    static constexpr std::pair<std::string_view, Token> kTokens[] = {
        {"==", Token::kDoubleEquals}, {"!=", Token::kNotEquals}, {"=", Token::kEquals},
        {"!", Token::kNot},           {"(", Token::kOpen},       {")", Token::kClose},
        {",", Token::kComma},         {">", Token::kGreater},    {"<", Token::kLess}};
    for (const auto& [text, token] : kTokens) {
      if (!text_.substr(start).starts_with(text)) continue;
      position_ = start + text.size();
      return {token, text_.substr(start, text.size())};
    }
    return {Token::kError, text_.substr(start, 1)};
  }

  std::string_view text_;
  size_t position_ = 0;
};

std::string found(std::string_view text, std::string_view expected) {
  return "found '" + std::string(text) + "', expected: " + std::string(expected);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<std::vector<Requirement>> parse() {
    std::vector<Requirement> out;
    for (;;) {
      Lexeme l = lexer_.peek(true);
      if (l.token == Token::kEnd) return out;
      if (l.token != Token::kIdentifier && l.token != Token::kNot)
        return bad(found(l.text, "!, identifier, or 'end of string'"));
      auto requirement = parse_requirement();
      if (!requirement) return bad("unable to parse requirement: " + requirement.error().message);
      out.push_back(std::move(*requirement));
      l = lexer_.next(true);
      if (l.token == Token::kEnd) return out;
      if (l.token != Token::kComma) return bad(found(l.text, "',' or 'end of string'"));
      l = lexer_.peek(true);
      if (l.token != Token::kIdentifier && l.token != Token::kNot)
        return bad(found(l.text, "identifier after ','"));
    }
  }

 private:
  Result<Requirement> parse_requirement() {
    Lexeme l = lexer_.next(true);
    const bool negated = l.token == Token::kNot;
    if (negated) l = lexer_.next(true);
    if (l.token != Token::kIdentifier) return bad(found(l.text, "identifier"));
    std::string key(l.text);
    for (const std::string& m : is_qualified_name(key))
      return bad("key: Invalid value: " + field::quote(key) + ": " + m);
    l = lexer_.peek(true);
    if (negated || l.token == Token::kEnd || l.token == Token::kComma)
      return make_requirement(std::move(key), negated ? Op::kDoesNotExist : Op::kExists, {});
    l = lexer_.next(false);
    switch (l.token) {
      case Token::kIn:
      case Token::kNotIn: {
        TRY(std::vector<std::string> values, parse_values());
        return make_requirement(std::move(key), l.token == Token::kIn ? Op::kIn : Op::kNotIn,
                                std::move(values));
      }
      case Token::kEquals:
      case Token::kDoubleEquals:
        return exact(std::move(key), Op::kIn);
      case Token::kNotEquals:
        return exact(std::move(key), Op::kNotIn);
      case Token::kGreater:
        return exact(std::move(key), Op::kGreaterThan);
      case Token::kLess:
        return exact(std::move(key), Op::kLessThan);
      default:
        return bad(found(l.text, "in, notin, =, ==, !=, gt, lt"));
    }
  }

  Result<Requirement> exact(std::string key, Op op) {
    std::string value;
    Lexeme l = lexer_.peek(true);
    if (l.token == Token::kIdentifier) {
      value = lexer_.next(true).text;
    } else if (l.token != Token::kEnd && l.token != Token::kComma) {
      return bad(found(l.text, "identifier"));
    }
    std::vector<std::string> values;
    values.push_back(std::move(value));
    return make_requirement(std::move(key), op, std::move(values));
  }

  Result<std::vector<std::string>> parse_values() {
    std::vector<std::string> values;
    Lexeme l = lexer_.next(true);
    if (l.token != Token::kOpen) return bad("found '" + std::string(l.text) + "' expected: '('");
    bool after_value = false;
    for (;;) {
      l = lexer_.next(true);
      if (l.token == Token::kIdentifier && !after_value) {
        values.emplace_back(l.text);
        after_value = true;
      } else if (l.token == Token::kComma) {
        if (!after_value) values.emplace_back();
        after_value = false;
        if (lexer_.peek(true).token == Token::kClose) values.emplace_back();
      } else if (l.token == Token::kClose) {
        return values;
      } else {
        return bad(found(l.text, after_value ? "',' or ')'" : "',', ')' or identifier"));
      }
    }
  }

  Lexer lexer_;
};

bool satisfied(const Requirement& r, const LabelSelector::Lookup& lookup) {
  std::string_view value;
  const bool present = lookup(r.key, value);
  auto listed = [&] { return std::find(r.values.begin(), r.values.end(), value) != r.values.end(); };
  switch (r.op) {
    case Op::kIn:
      return present && listed();
    case Op::kNotIn:
      return !present || !listed();
    case Op::kExists:
      return present;
    case Op::kDoesNotExist:
      return !present;
    case Op::kGreaterThan:
    case Op::kLessThan: {
      const std::optional<int64_t> actual = present ? to_int(value) : std::nullopt;
      if (!actual) return false;
      return r.op == Op::kGreaterThan ? *actual > *to_int(r.values[0]) : *actual < *to_int(r.values[0]);
    }
  }
  return false;
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (i + 1 == text.size() || std::string_view("\\,=").find(text[i + 1]) == std::string_view::npos)
        return bad("invalid field selector: invalid escape sequence: " + std::string(text.substr(i, 2)));
      out += text[++i];
    } else if (text[i] == ',' || text[i] == '=') {
      return bad("invalid field selector: unescaped character in value: " + std::string(1, text[i]));
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  TRY(std::vector<Requirement> requirements, Parser(text).parse());
  LabelSelector out;
  out.requirements_ = std::move(requirements);
  std::stable_sort(out.requirements_.begin(), out.requirements_.end(),
                   [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
  return out;
}

Result<LabelSelector> LabelSelector::from(const metav1::LabelSelector& selector) {
  LabelSelector out = of_map(selector.matchLabels);
  for (const metav1::LabelSelectorRequirement& e : selector.matchExpressions) {
    Op op;
    if (e.operator_ == "In") {
      op = Op::kIn;
    } else if (e.operator_ == "NotIn") {
      op = Op::kNotIn;
    } else if (e.operator_ == "Exists") {
      op = Op::kExists;
    } else if (e.operator_ == "DoesNotExist") {
      op = Op::kDoesNotExist;
    } else {
      return bad(field::quote(e.operator_) + " is not a valid label selector operator");
    }
    TRY(Requirement requirement, make_requirement(e.key, op, e.values));
    out.requirements_.push_back(std::move(requirement));
  }
  std::stable_sort(out.requirements_.begin(), out.requirements_.end(),
                   [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
  return out;
}

LabelSelector LabelSelector::of_map(const FlatMap<std::string>& labels) {
  LabelSelector out;
  for (const auto& [key, value] : labels) {
    Requirement requirement{key, Op::kIn, {}};
    requirement.values.push_back(value);
    out.requirements_.push_back(std::move(requirement));
  }
  return out;
}

bool LabelSelector::matches(const Lookup& lookup) const {
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&](const Requirement& r) { return satisfied(r, lookup); });
}

bool LabelSelector::matches(const FlatMap<std::string>& labels) const {
  return matches([&labels](std::string_view key, std::string_view& value) {
    const std::string* found = labels.get(key);
    if (found != nullptr) value = *found;
    return found != nullptr;
  });
}

std::string LabelSelector::str() const {
  std::string out;
  for (const Requirement& r : requirements_) {
    if (!out.empty()) out += ',';
    std::string list;
    // The first value may be empty: "a in (,b)".
    for (size_t i = 0; i < r.values.size(); ++i) list += (i == 0 ? "" : ",") + r.values[i];
    switch (r.op) {
      case Op::kIn:
        out += r.values.size() == 1 ? r.key + "=" + list : r.key + " in (" + list + ")";
        break;
      case Op::kNotIn:
        out += r.values.size() == 1 ? r.key + "!=" + list : r.key + " notin (" + list + ")";
        break;
      case Op::kExists:
        out += r.key;
        break;
      case Op::kDoesNotExist:
        out += "!" + r.key;
        break;
      case Op::kGreaterThan:
        out += r.key + ">" + list;
        break;
      case Op::kLessThan:
        out += r.key + "<" + list;
        break;
    }
  }
  return out;
}

Result<FieldSelector> FieldSelector::parse(std::string_view text) {
  FieldSelector out;
  auto add = [&](std::string_view part) -> Result<void> {
    if (part.empty()) return {};
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] == '\\') {
        ++i;
        continue;
      }
      const std::string_view rest = part.substr(i);
      const size_t size = rest.starts_with("!=") || rest.starts_with("==") ? 2
                          : rest.starts_with("=")                          ? 1
                                                                           : 0;
      if (size == 0) continue;
      TRY(std::string value, unescape(rest.substr(size)));
      out.terms_.push_back({std::string(part.substr(0, i)), std::move(value), !rest.starts_with("!=")});
      return {};
    }
    return bad("invalid selector: '" + std::string(text) + "'; can't understand '" + std::string(part) + "'");
  };
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ',') {
      TRY_VOID(add(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  TRY_VOID(add(text.substr(std::min(start, text.size()))));
  return out;
}

}  // namespace xebec::api
