// The options of requests, from their query strings: ListOptions, CreateOptions, UpdateOptions, PatchOptions,
// DeleteOptions. Those of writes are checked as k8s.io/apimachinery/pkg/apis/meta/v1/validation does; the
// registry checks those of lists, watches and deletions, whoever asks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/registry/registry.h"
#include "base/result.h"
#include "codec/json.h"
#include "http/message.h"

namespace xebec::apiserver {

struct ListOptions {
  std::string label_selector, field_selector;
  bool watch = false;
  bool allow_bookmarks = false;
  std::optional<bool> send_initial_events;
  std::string resource_version, resource_version_match;
  std::optional<int64_t> timeout_seconds;
  int64_t limit = 0;
  std::string continue_;
};

enum class IncludeObject { kMetadata, kNone, kObject };

Result<ListOptions> parse_list_options(const http::Request& request, bool is_watch);
// ?includeObject= of Table answers.
Result<IncludeObject> parse_include_object(const http::Request& request);

enum class WriteKind { kCreate, kUpdate, kPatch };

struct WriteQuery {
  bool dry_run = false;
  std::string field_manager;  // from the query, else from the User-Agent
  bool field_manager_given = false;
  codec::Strictness strictness = codec::Strictness::Warn;
  bool force = false;
};

// `apply`: the patch is a server-side apply, which needs a manager and may be forced.
Result<WriteQuery> parse_write_query(const http::Request& request, WriteKind kind, bool apply = false);

// From the body when there is one, else from the query.
Result<std::shared_ptr<const metav1::DeleteOptions>> parse_delete_options(const http::Request& request);

// What leads elsewhere cannot be tried out.
Result<void> refuse_dry_run(const http::Request& request);

}  // namespace xebec::apiserver
