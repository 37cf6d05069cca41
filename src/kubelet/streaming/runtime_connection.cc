#include "kubelet/streaming/runtime_connection.h"

#include <fmt/format.h>

#include "http/client.h"

namespace xebec::kubelet {
namespace {

// The streaming server's path and query, of an absolute url.
void split_url(std::string_view url, http::Request& request) {
  size_t authority = url.find("://");
  size_t path = url.find('/', authority == std::string_view::npos ? 0 : authority + 3);
  if (path == std::string_view::npos) return;
  std::string_view target = url.substr(path);
  size_t query = target.find('?');
  request.path = target.substr(0, query);
  if (query != std::string_view::npos) request.query = target.substr(query + 1);
}

}  // namespace

Task<Result<std::unique_ptr<http::ByteStream>>> connect_runtime(http::IoPool& pool, Context context,
                                                                std::string url, std::string protocol) {
  http::ClientOptions options;
  options.url = url;
  options.http1_only = true;
  CO_TRY(std::unique_ptr<http::Client> client, http::make_client(pool, std::move(options)));
  http::Request request;
  request.method = "POST";
  split_url(url, request);
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "SPDY/3.1");
  if (!protocol.empty()) request.headers.add("X-Stream-Protocol-Version", protocol);
  http::Headers answered;
  auto stream = co_await client->upgrade(std::move(context), std::move(request), answered);
  if (!stream)
    co_return fail(errors::internal(fmt::format("error dialing backend: {}", stream.error().message)));
  co_return std::move(*stream);
}

}  // namespace xebec::kubelet
