#include "codec/schema_errors.h"

#include <algorithm>

namespace xebec::codec {
namespace {

class Checker {
 public:
  void check(const MergeType& type, const Value& value) {
    if (const ValueMap* map = value.as_map()) {
      check_members(type, *map);
    } else if (const ValueList* list = value.as_list()) {
      check_elements(type, *list);
    }
  }
  std::string text() const {
    if (errors_.size() == 1) return errors_[0];
    std::string out;
    for (const std::string& error : errors_) out += (out.empty() ? "errors:\n  " : "\n  ") + error;
    return out;
  }

 private:
  void wrong(std::string_view why) { errors_.push_back(path_string(path_) + ": " + std::string(why)); }

  void check_members(const MergeType& type, const ValueMap& map) {
    for (const ValueMember& member : map) {
      path_.push_back(PathElement::field(member.key));
      if (type.allows(member.key)) {
        check(type.member(member.key), member.value);
      } else {
        wrong("field not declared in schema");
      }
      path_.pop_back();
    }
  }

  void check_elements(const MergeType& type, const ValueList& list) {
    std::vector<PathElement> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      PathElement where{
          .type = PathElement::Type::Index, .name = {}, .value = Value(static_cast<int64_t>(i))};
      if (!type.atomic_list()) {
        Result<PathElement> address = type.address(View(list[i]));
        if (!address) {
          wrong("element " + std::to_string(i) + ": " + address.error().message);
          continue;
        }
        where = *std::move(address);
        if (std::find(seen.begin(), seen.end(), where) != seen.end())
          wrong("duplicate entries for key " + where.str());
        seen.push_back(where);
      }
      path_.push_back(where);
      check(type.element(), list[i]);
      path_.pop_back();
    }
  }

  Path path_;
  std::vector<std::string> errors_;
};

}  // namespace

std::string schema_errors(const MergeType& type, const Value& object) {
  Checker checker;
  checker.check(type, object);
  return checker.text();
}

}  // namespace xebec::codec
