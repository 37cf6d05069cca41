// The query parameters of OpenAPI's operations, as upstream's documents have them, and what they are for.
#pragma once

#include <span>
#include <string_view>

namespace xebec::apiserver {

struct OpenApiParameter {
  std::string_view name;
  std::string_view type;  // string, boolean, integer
};

// By name, ascending. `action` is an OpenApiOperation's; empty for what is no resource, which has none.
std::span<const OpenApiParameter> openapi_query(std::string_view action, std::string_view subresource);
std::string_view openapi_query_description(std::string_view action, std::string_view subresource,
                                           std::string_view name);

}  // namespace xebec::apiserver
