// The parts of Rest that its implementation files share.
#pragma once

#include "client/rest.h"

namespace xebec::client {

struct Rest::Core {
  std::shared_ptr<http::Client> transport;
  const api::Scheme* scheme;
  Config config;
};

struct Rest::Call {
  Call() {}
  http::Request request;
  api::GroupVersionResource about;  // for errors
  std::string name;                 // likewise
  const api::Message* answer = nullptr;
  bool retry = true;

  // Appends to the query.
  void param(std::string_view key, std::string_view value);
  void param_if(std::string_view key, std::string_view value) {
    if (!value.empty()) param(key, value);
  }
  void body(std::string_view content_type, std::string bytes);
  // An object of the type's first kind.
  void body(const Config& config, const api::Message& type, const void* object);
  void options(const ListOptions& options);
  void options(const WatchOptions& options);
  void options(const WriteOptions& options);
  // Query and body; the body only when something is asked for.
  void options(const DeleteOptions& options, bool json);

  // A request for the target: its path, what it accepts, and checks of what makes the path. An empty `name`
  // addresses the collection.
  static Result<Call> make(const Core& core, std::string method, const Target& target, std::string_view ns,
                           std::string_view name, std::string_view subresource = {});
  // As make, for one object: an empty name is an error.
  static Result<Call> make_named(const Core& core, std::string method, const Target& target,
                                 std::string_view ns, std::string_view name,
                                 std::string_view subresource = {});
};

}  // namespace xebec::client
