// Informer<T, P>: a local, current copy of a set of API objects and a source of notifications about them.
// It is also their lister. P is what is kept of each object (the whole T unless there is a projection).
// See informer_base.h for threading and failures. Handlers run on the component's executor, must not block,
// and see the store already changed. Stored objects are shared and immutable.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/informer_base.h"

namespace xebec::client {

template <class P>
struct Handlers {
  using Ptr = std::shared_ptr<const P>;
  Handlers() {}
  std::function<void(const Ptr& now)> on_add;
  std::function<void(const Ptr& old, const Ptr& now)> on_update;
  // The last state known: that of the DELETED event, or the stored one when the deletion was seen by listing
  // again.
  std::function<void(const Ptr& last)> on_delete;
};

template <class T, class P = T>
class Informer final : public InformerBase {
 public:
  using Ptr = std::shared_ptr<const P>;
  using Project = std::function<P(T&&)>;

  explicit Informer(Rest rest, Env env, InformerOptions options = InformerOptions())
    requires std::same_as<T, P>
      : InformerBase(std::move(rest), std::move(env), api::type_of<T>(), std::move(options)),
        project_([](T&& object) { return std::move(object); }) {}
  // `project` makes what is kept of an object.
  Informer(Rest rest, Env env, InformerOptions options, Project project)
      : InformerBase(std::move(rest), std::move(env), api::type_of<T>(), std::move(options)),
        project_(std::move(project)) {}

  // Before run(): strips what nobody needs from objects before they are projected and stored.
  void set_transform(std::function<void(T&)> transform) { transform_ = std::move(transform); }
  // `values` says under which values an object is found by by_index(name, value). Objects already there are
  // indexed.
  void add_index(std::string name, std::function<std::vector<std::string>(const P&)> values) {
    add_index_erased(std::move(name), [values = std::move(values)](const void* object) {
      return values(*static_cast<const P*>(object));
    });
  }
  // At any time; on_add is called at once for objects that are already there.
  void add_handlers(Handlers<P> handlers) {
    handlers_.push_back(std::make_unique<Handlers<P>>(std::move(handlers)));
    const Handlers<P>& added = *handlers_.back();
    if (!added.on_add) return;
    for (const Ptr& object : list()) added.on_add(object);
  }
  // One function for all three: called with the object's old and new state (null for additions and
  // deletions).
  void on_change(std::function<void(const Ptr& old, const Ptr& now)> changed) {
    auto shared = std::make_shared<std::function<void(const Ptr&, const Ptr&)>>(std::move(changed));
    Handlers<P> handlers;
    handlers.on_add = [shared](const Ptr& now) { (*shared)(nullptr, now); };
    handlers.on_update = [shared](const Ptr& old, const Ptr& now) { (*shared)(old, now); };
    handlers.on_delete = [shared](const Ptr& last) { (*shared)(last, nullptr); };
    add_handlers(std::move(handlers));
  }

  // ---- Lister. Results are in key order; null when there is no such object. ----
  Ptr get(std::string_view ns, std::string_view name) const {
    return typed(find(ns.empty() ? std::string(name) : std::string(ns) + "/" + std::string(name)));
  }
  Ptr get_key(std::string_view key) const { return typed(find(key)); }
  std::vector<Ptr> list() const {
    std::vector<Ptr> all;
    all.reserve(items().size());
    for (const auto& [key, item] : items()) all.push_back(typed(item.object));
    return all;
  }
  std::vector<Ptr> list(std::string_view ns) const {
    std::vector<Ptr> found;
    auto [begin, end] = range(ns);
    for (; begin != end; ++begin) found.push_back(typed(begin->second.object));
    return found;
  }
  std::vector<Ptr> by_index(std::string_view name, std::string_view value) const {
    std::vector<Ptr> found;
    for (std::string_view key : index_keys(name, value)) found.push_back(typed(find(key)));
    return found;
  }

 private:
  static Ptr typed(const Stored& object) { return std::static_pointer_cast<const P>(object); }

  Stored make(void* decoded) override {
    T& object = *static_cast<T*>(decoded);
    if (transform_) transform_(object);
    return std::make_shared<const P>(project_(std::move(object)));
  }
  void notify(const Stored& old, const Stored& now) override {
    Ptr before = typed(old), after = typed(now);
    for (size_t i = 0; i < handlers_.size(); ++i) {
      const Handlers<P>& handlers = *handlers_[i];
      if (!before) {
        if (handlers.on_add) handlers.on_add(after);
      } else if (!after) {
        if (handlers.on_delete) handlers.on_delete(before);
      } else if (handlers.on_update) {
        handlers.on_update(before, after);
      }
    }
  }

  Project project_;
  std::function<void(T&)> transform_;
  std::vector<std::unique_ptr<Handlers<P>>> handlers_;
};

}  // namespace xebec::client
