#include "codec/fields_v1.h"

#include <algorithm>
#include <charconv>

#include "base/go_quote.h"
#include "codec/json.h"
#include "codec/json_text.h"

namespace xebec::codec {
namespace {

std::strong_ordering compare_numbers(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return *a.as_int() <=> *b.as_int();
  double x = a.number_or(0), y = b.number_or(0);
  return x < y   ? std::strong_ordering::less
         : x > y ? std::strong_ordering::greater
                 : std::strong_ordering::equal;
}

// Numbers, strings, bools, lists, maps, null.
int rank(const Value& v) {
  switch (v.type()) {
    case Value::Type::Int:
    case Value::Type::Double:
      return 0;
    case Value::Type::String:
      return 1;
    case Value::Type::Bool:
      return 2;
    case Value::Type::List:
      return 3;
    case Value::Type::Map:
      return 4;
    case Value::Type::Null:
      break;
  }
  return 5;
}

std::strong_ordering compare(const Value& a, const Value& b);

std::strong_ordering compare_maps(const ValueMap& a, const ValueMap& b) {
  std::vector<uint32_t> ia = a.sorted(), ib = b.sorted();
  for (std::size_t i = 0; i < ia.size() && i < ib.size(); ++i) {
    const ValueMember &x = a.member(ia[i]), &y = b.member(ib[i]);
    if (auto c = x.key <=> y.key; c != 0) return c;
    if (auto c = compare(x.value, y.value); c != 0) return c;
  }
  return ia.size() <=> ib.size();
}

std::strong_ordering compare(const Value& a, const Value& b) {
  if (auto c = rank(a) <=> rank(b); c != 0) return c;
  switch (a.type()) {
    case Value::Type::Int:
    case Value::Type::Double:
      return compare_numbers(a, b);
    case Value::Type::String:
      return *a.as_string() <=> *b.as_string();
    case Value::Type::Bool:
      return *a.as_bool() <=> *b.as_bool();
    case Value::Type::Null:
      return std::strong_ordering::equal;
    case Value::Type::Map:
      return compare_maps(*a.as_map(), *b.as_map());
    case Value::Type::List:
      break;
  }
  const ValueList &x = *a.as_list(), &y = *b.as_list();
  for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
    if (auto c = compare(x[i], y[i]); c != 0) return c;
  }
  return x.size() <=> y.size();
}

// structured-merge-diff's value.ToString.
std::string show(const Value& v) {
  switch (v.type()) {
    case Value::Type::Null:
      return "null";
    case Value::Type::String:
      return go_quote(*v.as_string());
    case Value::Type::List: {
      std::string out = "[";
      for (const Value& item : *v.as_list()) out += (out.size() > 1 ? "," : "") + show(item);
      return out + "]";
    }
    case Value::Type::Map: {
      std::string out = "{";
      for (uint32_t i : v.as_map()->sorted()) {
        const ValueMember& m = v.as_map()->member(i);
        out += (out.size() > 1 ? ";" : "") + m.key + "=" + show(m.value);
      }
      return out + "}";
    }
    default:
      return go_format(v);
  }
}

bool parse_level(JsonLexer& lexer, FieldSet& out, bool& self, std::string& problem) {
  if (lexer.peek() != '{') return lexer.unexpected("looking for beginning of value");
  if (!lexer.begin_object()) return false;
  std::string_view key;
  for (bool first = true; lexer.next_key(first, key); first = false) {
    FieldSet children;
    bool member = false;
    if (key == ".") {
      self = true;
      std::string_view raw;
      if (!lexer.skip_value(raw)) return false;
      continue;
    }
    Result<PathElement> element = PathElement::parse(key);
    if (!element) {
      problem = element.error().message;
      return false;
    }
    if (!parse_level(lexer, children, member, problem)) return false;
    if (member || children.empty()) out.insert(*element);
    out.set_children(*std::move(element), std::move(children));
  }
  return !lexer.failed();
}

void write_level(const FieldSet& set, bool self, TextOut& out) {
  char before = '{';
  if (self) {
    out.put("{\".\":{}");
    before = ',';
  }
  for (const FieldSetNode& node : set.nodes()) {
    out.put(std::exchange(before, ','));
    write_json_string(node.element.serialize(), out);
    out.put(':');
    if (node.children.empty()) {
      out.put("{}");
    } else {
      write_level(node.children, node.member, out);
    }
  }
  if (before == '{') out.put('{');
  out.put('}');
}

}  // namespace

PathElement PathElement::key(ValueMap keys) {
  ValueMap sorted;
  for (uint32_t i : keys.sorted()) sorted.set(keys.member(i).key, keys.member(i).value);
  return {.type = Type::Key, .name = {}, .value = std::move(sorted)};
}

Result<PathElement> PathElement::parse(std::string_view text) {
  auto wrong = [](std::string why) { return fail(errors::bad_request(why)); };
  if (text.size() < 2) return wrong("key must be 2 characters long:");
  if (text[1] != ':') return wrong("missing colon: " + std::string(text));
  std::string_view rest = text.substr(2);
  switch (text[0]) {
    case 'f':
      return field(rest);
    case 'v': {
      TRY(codec::Value value, parse_json(rest));
      return item(std::move(value));
    }
    case 'k': {
      TRY(codec::Value value, parse_json(rest));
      if (!value.is_map()) return wrong("expected an object: " + std::string(text));
      return key(std::move(*value.as_map()));
    }
    case 'i': {
      int64_t index;
      auto [p, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
      if (ec != std::errc() || p != rest.data() + rest.size()) {
        return wrong("strconv.Atoi: parsing " + go_quote(rest) + ": invalid syntax");
      }
      return PathElement{.type = Type::Index, .name = {}, .value = index};
    }
    default:
      return wrong("unknown path element type");
  }
}

std::string PathElement::serialize() const {
  switch (type) {
    case Type::Field:
      return "f:" + name;
    case Type::Key:
      return "k:" + to_json(value);
    case Type::Value:
      return "v:" + to_json(value);
    case Type::Index:
      break;
  }
  return "i:" + to_json(value);
}

std::string PathElement::str() const {
  switch (type) {
    case Type::Field:
      return "." + name;
    case Type::Value:
      return "[=" + show(value) + "]";
    case Type::Index:
      return "[" + show(value) + "]";
    case Type::Key:
      break;
  }
  std::string out = "[";
  for (const ValueMember& m : *value.as_map())
    out += (out.size() > 1 ? "," : "") + m.key + "=" + show(m.value);
  return out + "]";
}

std::strong_ordering operator<=>(const PathElement& a, const PathElement& b) {
  if (auto c = a.type <=> b.type; c != 0) return c;
  if (a.type == PathElement::Type::Field) return a.name <=> b.name;
  return compare(a.value, b.value);
}

std::string path_string(const Path& path) {
  std::string out;
  for (const PathElement& element : path) out += element.str();
  return out;
}

Path field_path(std::initializer_list<std::string_view> names) {
  Path path;
  for (std::string_view name : names) path.push_back(PathElement::field(name));
  return path;
}

FieldSet::FieldSet() = default;
FieldSet::FieldSet(const FieldSet&) = default;
FieldSet::FieldSet(FieldSet&&) noexcept = default;
FieldSet& FieldSet::operator=(const FieldSet&) = default;
FieldSet& FieldSet::operator=(FieldSet&&) noexcept = default;
FieldSet::~FieldSet() = default;

Result<FieldSet> FieldSet::parse(std::string_view fields_v1) {
  FieldSet set;
  JsonLexer lexer(fields_v1);
  bool self = false;
  std::string problem;
  if (parse_level(lexer, set, self, problem)) lexer.finish();
  if (!problem.empty() || lexer.failed()) {
    return fail(errors::bad_request("error decoding set: " + (problem.empty() ? lexer.error() : problem)));
  }
  return set;
}

std::string FieldSet::serialize() const {
  std::string text;
  TextOut out(text);
  write_level(*this, false, out);
  out.finish();
  return text;
}

FieldSetNode& FieldSet::node(PathElement element) {
  // Sets are mostly built in order.
  if (nodes_.empty() || nodes_.back().element < element) {
    nodes_.push_back({.element = std::move(element), .member = false, .children = {}});
    return nodes_.back();
  }
  auto it = std::lower_bound(nodes_.begin(), nodes_.end(), element,
                             [](const FieldSetNode& n, const PathElement& e) { return n.element < e; });
  if (it->element != element)
    it = nodes_.insert(it, {.element = std::move(element), .member = false, .children = {}});
  return *it;
}

const FieldSetNode* FieldSet::find(const PathElement& element) const {
  auto it = std::lower_bound(nodes_.begin(), nodes_.end(), element,
                             [](const FieldSetNode& n, const PathElement& e) { return n.element < e; });
  return it != nodes_.end() && it->element == element ? &*it : nullptr;
}

void FieldSet::insert(const Path& path) {
  if (path.empty()) return;
  FieldSet* at = this;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) at = &at->node(path[i]).children;
  at->node(path.back()).member = true;
}

void FieldSet::insert(PathElement element) { node(std::move(element)).member = true; }

void FieldSet::set_children(PathElement element, FieldSet children) {
  if (!children.empty()) node(std::move(element)).children = std::move(children);
}

bool FieldSet::has(const Path& path) const {
  const FieldSet* at = this;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const FieldSetNode* found = at->find(path[i]);
    if (!found) return false;
    if (i + 1 == path.size()) return found->member;
    at = &found->children;
  }
  return false;
}

bool FieldSet::has(const PathElement& element) const {
  const FieldSetNode* found = find(element);
  return found && found->member;
}

const FieldSet* FieldSet::children(const PathElement& element) const {
  const FieldSetNode* found = find(element);
  return found && !found->children.empty() ? &found->children : nullptr;
}

// Calls both(a's node or null, b's node or null) for every element of either, in order.
template <class Both>
void FieldSet::zip(const FieldSet& a, const FieldSet& b, Both&& both) {
  auto ia = a.nodes_.begin(), ib = b.nodes_.begin();
  while (ia != a.nodes_.end() || ib != b.nodes_.end()) {
    std::strong_ordering c = ia == a.nodes_.end()   ? std::strong_ordering::greater
                             : ib == b.nodes_.end() ? std::strong_ordering::less
                                                    : ia->element <=> ib->element;
    both(c <= 0 ? &*ia : nullptr, c >= 0 ? &*ib : nullptr);
    if (c <= 0) ++ia;
    if (c >= 0) ++ib;
  }
}

FieldSet FieldSet::union_with(const FieldSet& other) const {
  FieldSet out;
  zip(*this, other, [&](const FieldSetNode* a, const FieldSetNode* b) {
    if (!a || !b) {
      out.nodes_.push_back(a ? *a : *b);
    } else {
      out.nodes_.push_back({.element = a->element,
                            .member = a->member || b->member,
                            .children = a->children.union_with(b->children)});
    }
  });
  return out;
}

FieldSet FieldSet::intersection(const FieldSet& other) const {
  FieldSet out;
  zip(*this, other, [&](const FieldSetNode* a, const FieldSetNode* b) {
    if (!a || !b) return;
    FieldSet children = a->children.intersection(b->children);
    bool member = a->member && b->member;
    if (member || !children.empty()) {
      out.nodes_.push_back({.element = a->element, .member = member, .children = std::move(children)});
    }
  });
  return out;
}

FieldSet FieldSet::difference(const FieldSet& other) const {
  FieldSet out;
  zip(*this, other, [&](const FieldSetNode* a, const FieldSetNode* b) {
    if (!a) return;
    if (!b) {
      out.nodes_.push_back(*a);
      return;
    }
    FieldSet children = a->children.difference(b->children);
    bool member = a->member && !b->member;
    if (member || !children.empty()) {
      out.nodes_.push_back({.element = a->element, .member = member, .children = std::move(children)});
    }
  });
  return out;
}

FieldSet FieldSet::recursive_difference(const FieldSet& other) const {
  FieldSet out;
  zip(*this, other, [&](const FieldSetNode* a, const FieldSetNode* b) {
    if (!a || (b && b->member)) return;
    if (!b) {
      out.nodes_.push_back(*a);
      return;
    }
    FieldSet children = a->children.recursive_difference(b->children);
    if (a->member || !children.empty()) {
      out.nodes_.push_back({.element = a->element, .member = a->member, .children = std::move(children)});
    }
  });
  return out;
}

void FieldSet::collect(Path& prefix, std::vector<Path>& out) const {
  for (bool members : {true, false}) {  // upstream's order: the members of a level, then what is below
    for (const FieldSetNode& node : nodes_) {
      prefix.push_back(node.element);
      if (members && node.member) out.push_back(prefix);
      if (!members) node.children.collect(prefix, out);
      prefix.pop_back();
    }
  }
}

std::vector<Path> FieldSet::paths() const {
  Path prefix;
  std::vector<Path> out;
  collect(prefix, out);
  return out;
}

bool FieldSet::operator==(const FieldSet& other) const {
  return std::equal(nodes_.begin(), nodes_.end(), other.nodes_.begin(), other.nodes_.end(),
                    [](const FieldSetNode& a, const FieldSetNode& b) {
                      return a.element == b.element && a.member == b.member && a.children == b.children;
                    });
}

}  // namespace xebec::codec
