// The end of the chain: resources go to one stage, every other path to whoever registered it.
// Filled once while the server is put together, then only read.
#pragma once

#include <functional>
#include <map>

#include "apiserver/http/stage.h"

namespace xebec::apiserver {

class Router final : public Stage {
 public:
  // Requests for /api/VERSION/... and /apis/GROUP/VERSION/... with a resource.
  void set_resources(std::shared_ptr<Stage> resources) { resources_ = std::move(resources); }
  // Exactly this path, with or without a slash at the end.
  void add(std::string path, std::shared_ptr<Stage> stage);
  // The path and everything below it that is not registered itself.
  void add_prefix(std::string path, std::shared_ptr<Stage> stage);
  // All registered paths, sorted: what `/` lists.
  std::vector<std::string> paths() const;

  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override;

 private:
  std::shared_ptr<Stage> resources_;
  std::map<std::string, std::shared_ptr<Stage>, std::less<>> exact_;
  std::map<std::string, std::shared_ptr<Stage>, std::less<>> prefixes_;
};

// Calls a plain function: for answers that need no waiting.
std::shared_ptr<Stage> make_stage(std::function<http::Response(const Context&, const Exchange&)> answer);

}  // namespace xebec::apiserver
