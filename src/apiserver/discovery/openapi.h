// /openapi/v2 and /openapi/v3, as JSON and as gnostic's protobuf: made from the tables on first use, kept
// encoded, made anew when the catalog changes.
#pragma once

#include <memory>
#include <string>

#include "api/scheme.h"
#include "apiserver/discovery/catalog.h"
#include "apiserver/discovery/openapi_paths.h"
#include "apiserver/http/router.h"
#include "codec/value.h"

namespace xebec::apiserver {

// The swagger 2.0 document of everything in the snapshot.
codec::Value openapi_v2_document(const api::Scheme& scheme, const CatalogSnapshot& snapshot,
                                 const std::string& version);
// The OpenAPI 3.0 document of one group version.
codec::Value openapi_v3_document(const api::Scheme& scheme, const CatalogGroup& group,
                                 const CatalogVersion& group_version, const std::string& version);

// The OpenAPI 3.0 document of one path that belongs to no group version.
codec::Value openapi_v3_document(const OpenApiPath& path, std::string_view tag, const std::string& version);

// `version` is the server's ("v1.36.2"). Scheme and catalog outlive the router.
void add_openapi(Router& router, const api::Scheme& scheme, const Catalog& catalog, std::string version);

}  // namespace xebec::apiserver
