#include "apiserver/http/router.h"

#include <set>

#include "apiserver/http/respond.h"

namespace xebec::apiserver {
namespace {

class FunctionStage final : public Stage {
 public:
  explicit FunctionStage(std::function<http::Response(const Context&, const Exchange&)> answer)
      : answer_(std::move(answer)) {}
  Task<http::Response> handle(Context context, std::shared_ptr<Exchange> exchange) override {
    co_return answer_(context, *exchange);
  }

 private:
  std::function<http::Response(const Context&, const Exchange&)> answer_;
};

std::string_view without_slash(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

std::shared_ptr<Stage> make_stage(std::function<http::Response(const Context&, const Exchange&)> answer) {
  return std::make_shared<FunctionStage>(std::move(answer));
}

void Router::add(std::string path, std::shared_ptr<Stage> stage) {
  exact_[std::move(path)] = std::move(stage);
}

void Router::add_prefix(std::string path, std::shared_ptr<Stage> stage) {
  prefixes_[std::move(path)] = std::move(stage);
}

std::vector<std::string> Router::paths() const {
  std::set<std::string> out;
  for (const auto& [path, stage] : exact_) out.insert(path);
  for (const auto& [path, stage] : prefixes_) out.insert(path);
  // The index does not list itself.
  out.erase("/");
  out.erase("/index.html");
  return {out.begin(), out.end()};
}

Task<http::Response> Router::handle(Context context, std::shared_ptr<Exchange> exchange) {
  if (exchange->info.is_resource && resources_) {
    co_return co_await resources_->handle(std::move(context), std::move(exchange));
  }
  std::string_view path = without_slash(exchange->info.path);
  if (auto it = exact_.find(path); it != exact_.end()) {
    co_return co_await it->second->handle(std::move(context), std::move(exchange));
  }
  for (std::string_view rest = path; !rest.empty();) {
    if (auto it = prefixes_.find(rest); it != prefixes_.end()) {
      co_return co_await it->second->handle(std::move(context), std::move(exchange));
    }
    size_t slash = rest.rfind('/');
    if (slash == 0 || slash == std::string_view::npos) break;
    rest = rest.substr(0, slash);
  }
  co_return page_not_found();
}

}  // namespace xebec::apiserver
