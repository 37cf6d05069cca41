// FakeApi: a small API server in memory, for tests of clients and controllers: create, get, list in pages,
// watch, update with conflicts, status, patches, finalizers, selectors, generateName, discovery. It knows
// every kind of the scheme by its table; it does no defaulting, validation or authorization, and neither does
// it convert versions. Runs on one executor: tests that use it directly do so there (or in a SimExecutor).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/object.h"
#include "api/scheme.h"
#include "base/clock.h"
#include "base/sync.h"
#include "http/message.h"

namespace xebec::client::testing {

class FakeApi final : public http::Handler {
 public:
  // Both outlive it.
  FakeApi(const api::Scheme& scheme, const Clock& clock);
  ~FakeApi() override;

  Task<http::Response> handle(Context context, http::Request request) override;

  // What another client would do. put() creates or replaces (status too), with a new resourceVersion.
  template <class T>
  T put(T object) {
    api::Object stored = put_object(api::Object::of(std::move(object)));
    return std::move(stored.get<T>());
  }
  template <class T>
  std::optional<T> get(std::string_view ns, std::string_view name) const {
    const api::Object* found = find_object(api::type_of<T>(), ns, name);
    return found == nullptr ? std::nullopt : std::optional<T>(found->get<T>());
  }
  // In key order.
  template <class T>
  std::vector<T> list(std::string_view ns = {}) const {
    std::vector<T> all;
    for (const api::Object* object : find_objects(api::type_of<T>(), ns)) all.push_back(object->get<T>());
    return all;
  }
  // At once, whatever its finalizers.
  template <class T>
  void remove(std::string_view ns, std::string_view name) {
    remove_object(api::type_of<T>(), ns, name);
  }

  // Faults.
  void end_watches();    // streams end
  void break_watches();  // streams fail
  void compact();        // watches and continue tokens from before now get 410
  void bookmark();       // a BOOKMARK on every watch that wants them
  // Asked first about every request: an answer takes the place of the fake's own.
  void set_hook(std::function<std::optional<http::Response>(const http::Request&)> hook) {
    hook_ = std::move(hook);
  }
  // An answer with a Status as body.
  static http::Response error_response(const Status& status);

  // "GET /api/v1/pods?watch=true", in order of arrival.
  const std::vector<std::string>& requests() const { return requests_; }
  size_t open_watches() const { return open_watches_; }
  int64_t revision() const { return revision_; }

 private:
  friend class FakeWatch;
  struct Change {
    int64_t revision;
    std::string key;
    std::shared_ptr<const api::Object> before, after;
  };
  struct Address {
    const api::Resource* resource = nullptr;
    std::string ns, name, subresource;
  };
  struct Reply {
    bool protobuf = false;
    bool metadata_only = false;
  };

  Result<Address> address(const http::Request& request) const;
  Task<Result<http::Response>> dispatch(Context context, http::Request request);
  Result<http::Response> list_(const Address& address, const http::Request& request, Reply reply);
  Result<http::Response> watch(const Address& address, const http::Request& request, Reply reply,
                               CancelToken token);
  Result<http::Response> create(const Address& address, const http::Request& request, Reply reply);
  Result<http::Response> update(const Address& address, const http::Request& request, Reply reply);
  Result<http::Response> patch(const Address& address, const http::Request& request, Reply reply);
  Result<http::Response> remove_(const Address& address, const http::Request& request, Reply reply);
  Result<http::Response> remove_collection(const Address& address, const http::Request& request, Reply reply);
  Result<http::Response> subresource_post(const Address& address, const http::Request& request);

  http::Response answer(const api::Object& object, Reply reply, int status = 200) const;
  api::Object prepare_update(const Address& address, const api::Object& old, api::Object next) const;
  Result<const api::Object*> store(const Address& address, api::Object next);
  Result<void> delete_one(const Address& address, const http::Request& request);
  std::string key_of(const api::Resource& resource, std::string_view ns, std::string_view name) const;
  const api::Object& commit(const std::string& key, api::Object next);
  void erase(const std::string& key);
  void log(std::string key, std::shared_ptr<const api::Object> before,
           std::shared_ptr<const api::Object> after);
  const api::Resource& resource_of(const api::Message& type) const;

  api::Object put_object(api::Object object);
  const api::Object* find_object(const api::Message& type, std::string_view ns, std::string_view name) const;
  std::vector<const api::Object*> find_objects(const api::Message& type, std::string_view ns) const;
  void remove_object(const api::Message& type, std::string_view ns, std::string_view name);

  const api::Scheme& scheme_;
  const Clock& clock_;
  int64_t revision_ = 1;
  int64_t compacted_ = 0;
  int64_t made_ = 0;  // for names and UIDs
  std::map<std::string, std::shared_ptr<const api::Object>> objects_;
  std::deque<Change> changes_;
  // Watches go on when this fires, and look at what happened.
  Signal changed_;
  uint64_t ended_ = 0, broken_ = 0, bookmarks_ = 0;
  size_t open_watches_ = 0;
  std::vector<std::string> requests_;
  std::function<std::optional<http::Response>(const http::Request&)> hook_;
};

}  // namespace xebec::client::testing
