// Discovery: /api, /apis, /api/VERSION, /apis/GROUP and /apis/GROUP/VERSION; aggregated at /api and /apis for
// those who accept it (KEP-3352), with an ETag.
#pragma once

#include <memory>
#include <string>

#include "apiserver/discovery/catalog.h"
#include "apiserver/http/router.h"

namespace xebec::apiserver {

// Registers /api and /apis and everything below them that is no resource. `server_address` ("10.0.0.1:6443")
// is what /api tells clients. The catalog outlives the router.
void add_discovery(Router& router, const Catalog& catalog, std::string server_address);

}  // namespace xebec::apiserver
