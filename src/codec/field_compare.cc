#include "codec/field_compare.h"

#include <algorithm>

namespace xebec::codec {
namespace {

bool is_empty(const View& v) { return !v.present() || v.is_null() || v.size() == 0; }

// An address with the position of its element; equal addresses are neighbours after sorting.
struct Addressed {
  PathElement element;
  std::size_t index;
};

Result<std::vector<Addressed>> addresses(const MergeType& type, const View& list) {
  std::vector<Addressed> out;
  std::size_t n = list.is_list() ? list.size() : 0;
  out.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    Result<PathElement> element = type.address(list.item(i));
    if (!element) {
      return fail(errors::bad_request("element " + std::to_string(i) + ": " + element.error().message));
    }
    out.push_back({*std::move(element), i});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.element < b.element; });
  return out;
}

class Comparer {
 public:
  // Fills `out` with what is below this place; true in `leaf`: the place itself was added, removed or
  // modified.
  enum class Mark : uint8_t { None, Added, Removed, Modified };
  struct Outcome {
    Comparison below;
    Mark mark = Mark::None;
  };

  Result<Outcome> compare(const MergeType& type, const View& before, const View& after, int depth,
                          bool in_metadata) {
    Outcome out;
    bool lists = before.is_list() || after.is_list();
    bool maps = before.is_map() || after.is_map();
    if (!lists && !maps) return leaf(before, after);
    if (lists && maps) {  // the type changed: everything below the old goes, everything below the new comes
      TRY(Outcome gone, compare(type, before, View(), depth, in_metadata));
      TRY(Outcome come, compare(type, View(), after, depth, in_metadata));
      out.below.removed = std::move(gone.below.removed);
      out.below.added = std::move(come.below.added);
      out.mark = gone.mark == Mark::Removed && gone.below.removed.empty() ? Mark::Modified : Mark::None;
      return out;
    }
    if ((lists ? type.atomic_list() : type.atomic_map()) || (is_empty(before) && is_empty(after))) {
      return leaf(before, after);
    }
    if (lists) {
      TRY(out.below, compare_lists(type, before, after, depth));
    } else {
      TRY(out.below, compare_maps(type, before, after, depth, in_metadata));
    }
    if (!before.present()) out.mark = Mark::Added;
    if (!after.present()) out.mark = Mark::Removed;
    return out;
  }

 private:
  static Outcome leaf(const View& before, const View& after) {
    Outcome out;
    if (!before.present()) {
      out.mark = after.present() ? Mark::Added : Mark::None;
    } else if (!after.present()) {
      out.mark = Mark::Removed;
    } else if (!equal(before, after)) {
      out.mark = Mark::Modified;
    }
    return out;
  }

  static void put(Comparison& into, const PathElement& element, Outcome outcome) {
    into.added.set_children(element, std::move(outcome.below.added));
    into.removed.set_children(element, std::move(outcome.below.removed));
    into.modified.set_children(element, std::move(outcome.below.modified));
    if (outcome.mark == Mark::Added) into.added.insert(element);
    if (outcome.mark == Mark::Removed) into.removed.insert(element);
    if (outcome.mark == Mark::Modified) into.modified.insert(element);
  }

  Result<Comparison> compare_maps(const MergeType& type, const View& before, const View& after, int depth,
                                  bool in_metadata) {
    Comparison out;
    Result<void> status;
    auto visit = [&](std::string_view key, const View& a, const View& b) {
      if (!status || (in_metadata && key == "managedFields")) return;
      Result<Outcome> outcome = compare(type.member(key), a, b, depth + 1, depth == 0 && key == "metadata");
      if (!outcome) {
        status = fail(Status(outcome.error().code, outcome.error().reason,
                             "." + std::string(key) + ": " + outcome.error().message));
        return;
      }
      if (outcome->mark != Mark::None || !outcome->below.same())
        put(out, PathElement::field(key), *std::move(outcome));
    };
    before.each_member([&](std::string_view key, const View& a) { visit(key, a, after.member(key)); });
    after.each_member([&](std::string_view key, const View& b) {
      if (!before.member(key).present()) visit(key, View(), b);
    });
    if (!status) return fail(std::move(status).error());
    return out;
  }

  Result<Comparison> compare_lists(const MergeType& type, const View& before, const View& after, int depth) {
    TRY(std::vector<Addressed> a, addresses(type, before));
    TRY(std::vector<Addressed> b, addresses(type, after));
    Comparison out;
    MergeType element = type.element();
    auto run = [](const std::vector<Addressed>& v, std::size_t from) {
      std::size_t to = from + 1;
      while (to < v.size() && v[to].element == v[from].element) ++to;
      return to;
    };
    for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
      std::strong_ordering order = i == a.size()   ? std::strong_ordering::greater
                                   : j == b.size() ? std::strong_ordering::less
                                                   : a[i].element <=> b[j].element;
      std::size_t next_i = order <= 0 ? run(a, i) : i;
      std::size_t next_j = order >= 0 ? run(b, j) : j;
      const PathElement& where = order <= 0 ? a[i].element : b[j].element;
      if (next_i - i <= 1 && next_j - j <= 1) {
        TRY(Outcome outcome, compare(element, next_i > i ? before.item(a[i].index) : View(),
                                     next_j > j ? after.item(b[j].index) : View(), depth + 1, false));
        put(out, where, std::move(outcome));
      } else {
        put(out, where, duplicates(a, i, next_i, before, b, j, next_j, after));
      }
      i = next_i;
      j = next_j;
    }
    return out;
  }

  // Elements with one address are owned together.
  static Outcome duplicates(const std::vector<Addressed>& a, std::size_t i, std::size_t i_end,
                            const View& before, const std::vector<Addressed>& b, std::size_t j,
                            std::size_t j_end, const View& after) {
    Outcome out;
    if (i == i_end) {
      out.mark = Mark::Added;
    } else if (j == j_end) {
      out.mark = Mark::Removed;
    } else {
      bool same = i_end - i == j_end - j;
      for (; same && i < i_end; ++i, ++j) same = equal(before.item(a[i].index), after.item(b[j].index));
      if (!same) out.mark = Mark::Modified;
    }
    return out;
  }
};

// Fills `out`; true: the place itself is a leaf.
Result<bool> collect(const MergeType& type, const View& view, FieldSet& out, int depth, bool in_metadata) {
  if (view.is_list()) {
    if (type.atomic_list()) return true;
    MergeType element = type.element();
    for (std::size_t i = 0, n = view.size(); i < n; ++i) {
      TRY(PathElement where, type.address(view.item(i)));
      FieldSet below;
      TRY_VOID(collect(element, view.item(i), below, depth + 1, false));
      const FieldSet* old = out.children(where);
      if (old) below = below.union_with(*old);  // an element that came twice
      out.insert(where);
      out.set_children(std::move(where), std::move(below));
    }
    return false;
  }
  if (!view.is_map()) return true;
  if (type.atomic_map()) return true;
  Result<void> status;
  view.each_member([&](std::string_view key, const View& member) {
    if (!status || (in_metadata && key == "managedFields")) return;
    FieldSet below;
    Result<bool> leaf = collect(type.member(key), member, below, depth + 1, depth == 0 && key == "metadata");
    if (!leaf) {
      status = fail(std::move(leaf).error());
      return;
    }
    PathElement where = PathElement::field(key);
    if (*leaf || (member.is_map() && member.size() == 0) || !type.declares(key)) out.insert(where);
    out.set_children(std::move(where), std::move(below));
  });
  if (!status) return fail(std::move(status).error());
  return false;
}

Result<std::vector<PathElement>> list_addresses(const MergeType& type, const ValueList& list,
                                                std::string_view side) {
  std::vector<PathElement> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Result<PathElement> element = type.address(View(list[i]));
    if (!element) {
      return fail(errors::bad_request(std::string(side) + "element " + std::to_string(i) + ": " +
                                      element.error().message));
    }
    out.push_back(*std::move(element));
  }
  return out;
}

std::size_t index_of(const std::vector<PathElement>& list, const PathElement& element) {
  return static_cast<std::size_t>(std::find(list.begin(), list.end(), element) - list.begin());
}

Result<Value> merge_values(const MergeType& type, const Value* live, const Value* config);

// Elements of both, in the order of the config where both have them; new ones of either keep their
// neighbours.
Result<Value> merge_lists(const MergeType& type, const ValueList& live, const ValueList& config) {
  TRY(std::vector<PathElement> left, list_addresses(type, live, "lhs: "));
  TRY(std::vector<PathElement> right, list_addresses(type, config, "rhs: "));
  for (std::size_t i = 0; i < right.size(); ++i) {
    if (index_of(right, right[i]) < i) {
      return fail(errors::bad_request("duplicate entries for key " + right[i].str()));
    }
  }
  std::vector<const PathElement*> shared;
  for (const PathElement& element : right) {
    if (index_of(left, element) < left.size()) shared.push_back(&element);
  }
  MergeType element = type.element();
  ValueList out;
  std::size_t next_shared = 0;
  auto take = [&](const Value* a, const Value* b) -> Result<void> {
    TRY(Value merged, merge_values(element, a, b));
    out.push_back(std::move(merged));
    return {};
  };
  std::vector<bool> left_done(left.size());
  for (std::size_t l = 0, r = 0; l < left.size() || r < right.size();) {
    bool shared_left = l < left.size() && index_of(right, left[l]) < right.size();
    if (l < left.size() && r < right.size()) {
      if (left[l] == right[r]) {
        TRY_VOID(take(&live[l++], &config[r++]));
        ++next_shared;
        continue;
      }
      if (shared_left && next_shared < shared.size() && *shared[next_shared] != left[l]) {
        ++l;  // comes later, where the config has it
        continue;
      }
    }
    if (l < left.size() && !shared_left) {
      TRY_VOID(take(&live[l], nullptr));
      ++l;
      continue;
    }
    if (r < right.size()) {
      std::size_t match = index_of(left, right[r]);
      TRY_VOID(take(match < left.size() ? &live[match] : nullptr, &config[r]));
      if (next_shared < shared.size() && *shared[next_shared] == right[r]) ++next_shared;
      ++r;
      continue;
    }
    ++l;  // a shared element that the config has already placed
  }
  return Value(std::move(out));
}

Result<Value> merge_values(const MergeType& type, const Value* live, const Value* config) {
  if (!config) return *live;
  bool maps = config->is_map() && (!live || live->is_map() || live->is_null());
  bool lists = config->is_list() && (!live || live->is_list() || live->is_null());
  static const ValueMap kNoMembers;
  static const ValueList kNoItems;
  if (maps && !type.atomic_map() && !config->as_map()->empty()) {
    const ValueMap& old = live && live->is_map() ? *live->as_map() : kNoMembers;
    ValueMap out;
    for (const ValueMember& m : old) {
      TRY(Value merged, merge_values(type.member(m.key), &m.value, config->find(m.key)));
      out.set(m.key, std::move(merged));
    }
    for (const ValueMember& m : *config->as_map()) {
      if (old.contains(m.key)) continue;
      TRY(Value merged, merge_values(type.member(m.key), nullptr, &m.value));
      out.set(m.key, std::move(merged));
    }
    return Value(std::move(out));
  }
  if (maps && !type.atomic_map() && live && live->is_map()) return *live;
  if (lists && !type.atomic_list()) {
    const ValueList& old = live && live->is_list() ? *live->as_list() : kNoItems;
    if (!old.empty() || !config->as_list()->empty()) return merge_lists(type, old, *config->as_list());
  }
  return *config;
}

// Nothing is left of a map or list whose members are all gone: false.
bool remove_values(const MergeType& type, Value& value, const FieldSet& set) {
  if (ValueList* list = value.as_list()) {
    if (type.atomic_list()) return false;
    MergeType element = type.element();
    ValueList kept;
    for (Value& item : *list) {
      Result<PathElement> where = type.address(View(item));
      if (where && set.has(*where)) continue;
      const FieldSet* below = where ? set.children(*where) : nullptr;
      if (below && !remove_values(element, item, *below)) item = nullptr;
      kept.push_back(std::move(item));
    }
    bool any = !kept.empty();
    *list = std::move(kept);
    return any;
  }
  ValueMap* map = value.as_map();
  if (!map) return true;
  if (type.atomic_map()) return false;
  ValueMap kept;
  for (ValueMember& m : *map) {
    PathElement where = PathElement::field(m.key);
    if (set.has(where)) continue;
    const FieldSet* below = set.children(where);
    if (below && !remove_values(type.member(m.key), m.value, *below)) m.value = nullptr;
    kept.set(m.key, std::move(m.value));
  }
  bool any = !kept.empty();
  *map = std::move(kept);
  return any;
}

}  // namespace

Comparison Comparison::filtered(const FieldFilter& filter) const {
  return {.removed = filter.apply(removed), .modified = filter.apply(modified), .added = filter.apply(added)};
}

Result<Comparison> compare_fields(const MergeType& type, const View& before, const View& after) {
  TRY(Comparer::Outcome outcome, Comparer().compare(type, before, after, 0, false));
  return std::move(outcome.below);
}

Result<FieldSet> field_set(const MergeType& type, const View& object) {
  FieldSet set;
  TRY_VOID(collect(type, object, set, 0, false));
  return set;
}

Result<Value> merge_fields(const MergeType& type, const Value& live, const Value& config) {
  return merge_values(type, &live, &config);
}

Value remove_fields(const MergeType& type, const Value& object, const FieldSet& set) {
  Value out = object;
  if (!remove_values(type, out, set)) out = ValueMap();
  return out;
}

}  // namespace xebec::codec
