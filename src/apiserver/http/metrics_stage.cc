#include "apiserver/http/metrics_stage.h"

#include <fmt/format.h>

namespace xebec::apiserver {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// What is known of one request when its answer begins; the rest is recorded when it ends.
class Record {
 public:
  Record(RequestSeries& series, Executor& executor, MonotonicTime start, int code)
      : series_(series), executor_(executor), start_(start), code_(code) {
    if (series_.long_running) series_.long_running->add(1);
  }
  Record(const Record&) = delete;
  ~Record() {
    if (series_.long_running) series_.long_running->add(-1);
    const double taken = seconds(executor_.now() - start_);
    series_.total(code_).add();
    series_.duration->observe(taken);
    if (series_.sli_duration) series_.sli_duration->observe(taken);
    if (series_.response_size) series_.response_size->observe(static_cast<double>(bytes_));
  }

  void answered(size_t bytes) { bytes_ += bytes; }
  // A piece of a stream: a watch's are its events.
  void sent(size_t bytes) {
    bytes_ += bytes;
    if (!series_.watch_events) return;
    series_.watch_events->add();
    series_.watch_event_sizes->observe(static_cast<double>(bytes));
  }

 private:
  RequestSeries& series_;
  Executor& executor_;
  const MonotonicTime start_;
  const int code_;
  size_t bytes_ = 0;
};

class RecordedStream final : public http::BodyStream {
 public:
  RecordedStream(std::unique_ptr<Record> record, std::unique_ptr<http::BodyStream> inner)
      : record_(std::move(record)), inner_(std::move(inner)) {}
  Task<Result<http::Buffer>> next() override {
    Result<http::Buffer> piece = co_await inner_->next();
    if (piece && *piece) record_->sent((*piece)->size());
    co_return piece;
  }

 private:
  const std::unique_ptr<Record> record_;
  const std::unique_ptr<http::BodyStream> inner_;
};

class RecordedUpgrade final : public http::Upgrade {
 public:
  RecordedUpgrade(std::unique_ptr<Record> record, std::unique_ptr<http::Upgrade> inner)
      : record_(std::move(record)), inner_(std::move(inner)) {}
  Task<void> run(Context context, std::unique_ptr<http::ByteStream> stream) override {
    return inner_->run(std::move(context), std::move(stream));
  }

 private:
  const std::unique_ptr<Record> record_;
  const std::unique_ptr<http::Upgrade> inner_;
};

}  // namespace

Task<http::Response> MetricsStage::handle(Context context, std::shared_ptr<Exchange> exchange) {
  Executor& executor = *Executor::current();
  const MonotonicTime start = executor.now();
  http::Response response = co_await next_->handle(context, exchange);
  auto record = std::make_unique<Record>(metrics_.of(*exchange), executor, start, response.status);
  if (!exchange->removed_in.empty()) metrics_.deprecated(*exchange, exchange->removed_in);
  if (logger_.enabled(LogLevel::kDebug)) log(context, *exchange, response, executor.now() - start);
  if (auto* stream = std::get_if<std::unique_ptr<http::BodyStream>>(&response.body)) {
    std::unique_ptr<http::BodyStream> recorded =
        std::make_unique<RecordedStream>(std::move(record), std::move(*stream));
    response.body = std::move(recorded);
  } else if (auto* upgrade = std::get_if<std::unique_ptr<http::Upgrade>>(&response.body)) {
    std::unique_ptr<http::Upgrade> recorded =
        std::make_unique<RecordedUpgrade>(std::move(record), std::move(*upgrade));
    response.body = std::move(recorded);
  } else {
    size_t bytes = 0;
    for (const http::Buffer& piece : std::get<std::vector<http::Buffer>>(response.body))
      bytes += piece->size();
    record->answered(bytes);
  }
  co_return response;
}

// As k8s.io/apiserver/pkg/server/httplog.
void MetricsStage::log(const Context& context, const Exchange& exchange, const http::Response& response,
                       Duration taken) const {
  const http::Request& request = exchange.request;
  const std::string uri = request.query.empty() ? request.path : request.path + "?" + request.query;
  logger_.debug("HTTP",
                {{"verb", verb_label(exchange)},
                 {"URI", uri},
                 {"latency", fmt::format("{:.3f}ms", seconds(taken) * 1e3)},
                 {"userAgent", request.headers.get("User-Agent")},
                 {"audit-ID", exchange.audit_id},
                 {"traceID", context.trace_id},
                 {"srcIP", request.connection ? std::string_view(request.connection->remote_address) : ""},
                 {"resp", response.status}});
}

}  // namespace xebec::apiserver
