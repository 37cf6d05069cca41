// The objects the load consists of, as JSON or as Kubernetes protobuf (an Unknown envelope).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xebec::load {

enum class Format { kJson, kProtobuf };

std::string_view media_type(Format format);

// `mark` is put where mark_of() finds it again, whatever the format.
std::string config_map(Format format, std::string_view ns, std::string_view name, std::string_view payload,
                       uint64_t mark);
// A Pod that no scheduler takes.
std::string pod(Format format, std::string_view ns, std::string_view name);
std::string ns_object(std::string_view name);
std::string service_account_object();  // "default"

// The mark in the bytes of an encoded object; 0 without one.
uint64_t mark_of(std::string_view bytes);

}  // namespace xebec::load
