// Bodies as the API has them on the wire: objects and Status in protobuf (with the `k8s\0` envelope) or JSON,
// and the frames of watches. Internal to the client.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/object.h"
#include "base/result.h"
#include "client/watch.h"

namespace xebec::client::wire {

inline constexpr std::string_view kProtobuf = "application/vnd.kubernetes.protobuf";
inline constexpr std::string_view kJson = "application/json";

bool is_protobuf(std::string_view content_type);

// `group_version` chooses among the kinds a type is registered under (DeleteOptions is in every group).
std::string encode(const api::Message& type, const void* object, const api::GroupVersion& group_version,
                   bool json);
Result<api::Object> decode(const api::Message& type, std::string_view content_type, std::string_view body);
// The Status of an error answer; nothing when the body is none.
std::optional<Status> decode_status(std::string_view content_type, std::string_view body);

// Takes the next frame off the front of `bytes`: the event of a watch as it came; nothing when there is not a
// whole one.
std::optional<std::string_view> next_frame(std::string_view& bytes, bool protobuf);
// One frame as an event of objects of `type`. An ERROR event is the error.
Result<WatchEvent> decode_event(const api::Message& type, std::string_view frame, bool protobuf);

}  // namespace xebec::client::wire
