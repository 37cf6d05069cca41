// Server-side apply (KEP-555) on the registry: the configuration is merged into the stored object, or becomes
// a new one.
#pragma once

#include "apiserver/http/options.h"
#include "apiserver/http/resource_call.h"

namespace xebec::apiserver {

Task<Result<WriteResult>> apply_object(Context context, ResourceCall call, Shape shape, WriteQuery query);

}  // namespace xebec::apiserver
