#include "apiserver/http/stage.h"

namespace xebec::apiserver {

bool is_long_running(const RequestInfo& info) {
  if (!info.is_resource) return info.path.starts_with("/debug/pprof/");
  if (info.verb == "watch" || info.verb == "proxy") return true;
  for (std::string_view subresource : {"attach", "exec", "proxy", "log", "portforward"}) {
    if (info.subresource == subresource) return true;
  }
  return false;
}

}  // namespace xebec::apiserver
