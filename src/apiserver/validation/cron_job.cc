#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "api/cron.h"
#include "apiserver/validation/batch.h"

namespace xebec::apiserver::validation {
namespace {

// A Job's name is the CronJob's, a dash and ten digits, and has to be a label's value.
constexpr size_t kLongestName = 52;

// Whether the host's database of time zones has it: the one that schedules are computed by.
bool is_known_time_zone(std::string_view name) {
  if (name == "UTC") return true;
  for (std::string_view root : {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"}) {
    std::ifstream file(std::filesystem::path(root) / name, std::ios::binary);
    char magic[4] = {};
    if (file.read(magic, sizeof magic) && std::string_view(magic, sizeof magic) == "TZif") return true;
  }
  return false;
}

// A part between slashes of a name in IANA's database.
bool is_zone_part(std::string_view part) {
  if (part.empty() || part.size() > 14 || part == "." || part == ".." || part.front() == '-') return false;
  return std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '+';
  });
}

bool is_zone_name(std::string_view name) {
  for (size_t begin = 0;;) {
    const size_t end = name.find('/', begin);
    if (!is_zone_part(name.substr(begin, end - begin))) return false;
    if (end == std::string_view::npos) return true;
    begin = end + 1;
  }
}

bool is_local(std::string_view name) {
  return name.size() == 5 &&
         std::equal(name.begin(), name.end(), "local", [](char a, char b) { return (a | 0x20) == b; });
}

void check_time_zone(Errors& errors, const Path& path, const std::optional<std::string>& zone) {
  if (!zone) return;
  const std::string unknown = "unknown time zone " + *zone;
  if (zone->empty()) {
    errors.push_back(field::invalid_string(path, *zone, "timeZone must be nil or non-empty string"));
  } else if (!is_zone_name(*zone)) {
    errors.push_back(field::invalid_string(path, *zone, unknown));
  } else {
    if (is_local(*zone)) {
      errors.push_back(field::invalid_string(
          path, *zone,
          "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"));
    }
    if (*zone != "Local" && !is_known_time_zone(*zone))
      errors.push_back(field::invalid_string(path, *zone, unknown));
  }
}

bool names_zone(std::string_view schedule) { return schedule.find("TZ") != std::string_view::npos; }

// A schedule that already had a time zone in it may keep one.
void check_schedule(Errors& errors, const Path& path, const batchv1::CronJobSpec& spec, bool zone_allowed) {
  if (spec.schedule.empty()) return void(errors.push_back(field::required(path)));
  Result<api::CronSchedule> parsed = api::parse_cron(spec.schedule);
  if (!parsed) {
    errors.push_back(field::invalid_string(path, spec.schedule, parsed.error().message));
  } else if (!parsed->time_zone.empty() && !is_known_time_zone(parsed->time_zone)) {
    errors.push_back(field::invalid_string(
        path, spec.schedule,
        fmt::format("provided bad location {0}: unknown time zone {0}", parsed->time_zone)));
  }
  if (!names_zone(spec.schedule)) return;
  if (!zone_allowed) {
    errors.push_back(field::invalid_string(
        path, spec.schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
  } else if (spec.timeZone) {
    errors.push_back(field::invalid_string(path, spec.schedule,
                                           "cannot use both timeZone field and TZ or CRON_TZ in schedule"));
  }
}

void check_job_template(Errors& errors, const Path& path, const batchv1::JobTemplateSpec& job) {
  const Path spec = path.child("spec");
  check_job_spec(errors, spec, job.spec);
  if (job.spec.selector) {
    errors.push_back(field::invalid(spec.child("selector"), go_json(*job.spec.selector),
                                    "`selector` will be auto-generated"));
  }
  if (job.spec.manualSelector.value_or(false))
    errors.push_back(not_supported_value(spec.child("manualSelector"), "true", {"nil", "false"}));
}

Errors validate(const batchv1::CronJob& job, const batchv1::CronJob* old) {
  Errors errors;
  const Path path("spec");
  const batchv1::CronJobSpec& spec = job.spec;
  check_schedule(errors, path.child("schedule"), spec, old != nullptr && names_zone(old->spec.schedule));
  if (spec.startingDeadlineSeconds)
    check_non_negative(errors, path.child("startingDeadlineSeconds"), *spec.startingDeadlineSeconds);
  if (old == nullptr || old->spec.timeZone != spec.timeZone)
    check_time_zone(errors, path.child("timeZone"), spec.timeZone);
  check_required_enum(errors, path.child("concurrencyPolicy"), spec.concurrencyPolicy,
                      {"Allow", "Forbid", "Replace"});
  check_job_template(errors, path.child("jobTemplate"), spec.jobTemplate);
  if (spec.successfulJobsHistoryLimit)
    check_non_negative(errors, path.child("successfulJobsHistoryLimit"), *spec.successfulJobsHistoryLimit);
  if (spec.failedJobsHistoryLimit)
    check_non_negative(errors, path.child("failedJobsHistoryLimit"), *spec.failedJobsHistoryLimit);
  return errors;
}

}  // namespace

Errors validate_cron_job(const batchv1::CronJob& job) {
  Errors errors = validate(job, nullptr);
  if (job.metadata.name.size() > kLongestName) {
    errors.push_back(field::invalid_string(Path("metadata").child("name"), job.metadata.name,
                                           "must be no more than 52 characters"));
  }
  return errors;
}

Errors validate_cron_job_update(const batchv1::CronJob& job, const batchv1::CronJob& old) {
  return validate(job, &old);
}

}  // namespace xebec::apiserver::validation
