#include "codec/value.h"

#include <algorithm>
#include <numeric>

#include "codec/json_text.h"

namespace xebec::codec {
namespace {

constexpr std::size_t kIndexFrom = 17;

}  // namespace

ValueMap::ValueMap() = default;
ValueMap::ValueMap(const ValueMap&) = default;
ValueMap::ValueMap(ValueMap&&) noexcept = default;
ValueMap& ValueMap::operator=(const ValueMap&) = default;
ValueMap& ValueMap::operator=(ValueMap&&) noexcept = default;
ValueMap::~ValueMap() = default;

ValueMap::ValueMap(std::initializer_list<ValueMember> members) {
  for (const ValueMember& member : members) set(member.key, member.value);
}

bool ValueMap::empty() const { return members_.empty(); }
std::size_t ValueMap::size() const { return members_.size(); }
ValueMap::iterator ValueMap::begin() { return members_.begin(); }
ValueMap::iterator ValueMap::end() { return members_.end(); }
ValueMap::const_iterator ValueMap::begin() const { return members_.begin(); }
ValueMap::const_iterator ValueMap::end() const { return members_.end(); }
const ValueMember& ValueMap::member(std::size_t i) const { return members_[i]; }
void ValueMap::reserve(std::size_t n) { members_.reserve(n); }

void ValueMap::clear() {
  members_.clear();
  index_.reset();
}

std::size_t ValueMap::index_of(std::string_view key) const {
  if (index_) {
    auto it = std::lower_bound(index_->begin(), index_->end(), key,
                               [&](uint32_t i, std::string_view k) { return members_[i].key < k; });
    return it != index_->end() && members_[*it].key == key ? *it : members_.size();
  }
  std::size_t i = 0;
  while (i < members_.size() && members_[i].key != key) ++i;
  return i;
}

Value* ValueMap::find(std::string_view key) {
  std::size_t i = index_of(key);
  return i < members_.size() ? &members_[i].value : nullptr;
}

void ValueMap::index_last() {
  if (members_.size() < kIndexFrom) return;
  if (!index_) {
    index_ = sorted();
    return;
  }
  uint32_t last = static_cast<uint32_t>(members_.size() - 1);
  auto it = std::lower_bound(index_->begin(), index_->end(), std::string_view(members_[last].key),
                             [&](uint32_t i, std::string_view k) { return members_[i].key < k; });
  index_->insert(it, last);
}

std::pair<Value*, bool> ValueMap::try_emplace(std::string key) {
  if (Value* old = find(key)) return {old, false};
  members_.push_back(ValueMember{std::move(key), Value()});
  index_last();
  return {&members_.back().value, true};
}

Value& ValueMap::operator[](std::string_view key) {
  if (Value* old = find(key)) return *old;
  members_.push_back(ValueMember{std::string(key), Value()});
  index_last();
  return members_.back().value;
}

Value& ValueMap::set(std::string_view key, Value value) { return (*this)[key] = std::move(value); }

bool ValueMap::erase(std::string_view key) {
  std::size_t i = index_of(key);
  if (i == members_.size()) return false;
  members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(i));
  index_.reset();
  if (members_.size() >= kIndexFrom) index_ = sorted();
  return true;
}

std::vector<uint32_t> ValueMap::sorted() const {
  if (index_) return *index_;
  std::vector<uint32_t> order(members_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return members_[a].key < members_[b].key; });
  return order;
}

bool ValueMap::operator==(const ValueMap& other) const {
  if (size() != other.size()) return false;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const ValueMember& m = members_[i];
    // Maps of one origin usually have one order.
    const Value* match = other.members_[i].key == m.key ? &other.members_[i].value : other.find(m.key);
    if (!match || !(*match == m.value)) return false;
  }
  return true;
}

ValueList& Value::make_list() {
  if (!is_list()) data_ = ValueList();
  return std::get<ValueList>(data_);
}

ValueMap& Value::make_map() {
  if (!is_map()) data_ = ValueMap();
  return std::get<ValueMap>(data_);
}

Value* Value::find(std::string_view key) {
  ValueMap* map = as_map();
  return map ? map->find(key) : nullptr;
}

Value* Value::at_path(std::initializer_list<std::string_view> path) {
  Value* at = this;
  for (std::string_view key : path) {
    at = at->find(key);
    if (!at) return nullptr;
  }
  return at;
}

Value& Value::set_path(std::initializer_list<std::string_view> path, Value value) {
  Value* at = this;
  for (std::string_view key : path) at = &(*at)[key];
  return *at = std::move(value);
}

bool Value::operator==(const Value& other) const { return data_ == other.data_; }

bool equal_numeric(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    return a.is_int() && b.is_int() ? *a.as_int() == *b.as_int() : a.number_or(0) == b.number_or(0);
  }
  if (a.type() != b.type()) return false;
  if (const ValueList* list = a.as_list()) {
    return std::equal(list->begin(), list->end(), b.as_list()->begin(), b.as_list()->end(), equal_numeric);
  }
  if (const ValueMap* map = a.as_map()) {
    if (map->size() != b.as_map()->size()) return false;
    return std::all_of(map->begin(), map->end(), [&](const ValueMember& m) {
      const Value* other = b.find(m.key);
      return other && equal_numeric(m.value, *other);
    });
  }
  return a == b;
}

std::string go_format(const Value& value) {
  switch (value.type()) {
    case Value::Type::Null:
      return "<nil>";
    case Value::Type::Bool:
      return *value.as_bool() ? "true" : "false";
    case Value::Type::Int:
      return std::to_string(*value.as_int());
    case Value::Type::Double:
      return go_float_g(*value.as_double());
    case Value::Type::String:
      return *value.as_string();
    case Value::Type::List: {
      std::string out = "[";
      for (const Value& item : *value.as_list()) {
        if (out.size() > 1) out += ' ';
        out += go_format(item);
      }
      return out + "]";
    }
    case Value::Type::Map: {
      std::string out = "map[";
      const ValueMap& map = *value.as_map();
      bool first = true;
      for (uint32_t i : map.sorted()) {
        if (!std::exchange(first, false)) out += ' ';
        out += map.member(i).key + ":" + go_format(map.member(i).value);
      }
      return out + "]";
    }
  }
  return {};
}

}  // namespace xebec::codec
