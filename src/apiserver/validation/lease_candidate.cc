// LeaseCandidates: who would lead, and of which version it is.
#include <algorithm>
#include <charconv>
#include <compare>

#include "apiserver/validation/coordination.h"

namespace xebec::apiserver::validation {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }

// Without leading zeros.
std::optional<uint64_t> number(std::string_view text) {
  uint64_t out = 0;
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return {};
  if (!std::all_of(text.begin(), text.end(), is_digit)) return {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc()) return {};
  return out;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> out;
  for (size_t at = 0; (at = text.find(by)) != std::string_view::npos; text.remove_prefix(at + 1))
    out.push_back(text.substr(0, at));
  out.push_back(text);
  return out;
}

bool all_words(const std::vector<std::string_view>& parts) {
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), is_word);
  });
}

// A part of what follows the '-' of a version: a number is less than a word.
struct Label {
  std::optional<uint64_t> number;
  std::string_view word;
  std::strong_ordering operator<=>(const Label& other) const {
    if (number.has_value() != other.number.has_value())
      return number ? std::strong_ordering::less : std::strong_ordering::greater;
    if (number) return *number <=> *other.number;
    return word <=> other.word;
  }
  bool operator==(const Label&) const = default;
};

// semver.org 2.0; what is no version is 0.0.0.
struct Version {
  uint64_t major = 0, minor = 0, patch = 0;
  std::vector<Label> labels;

  std::strong_ordering operator<=>(const Version& other) const {
    if (auto c = major <=> other.major; c != 0) return c;
    if (auto c = minor <=> other.minor; c != 0) return c;
    if (auto c = patch <=> other.patch; c != 0) return c;
    // A release comes after what was before it.
    if (labels.empty() != other.labels.empty())
      return labels.empty() ? std::strong_ordering::greater : std::strong_ordering::less;
    return std::lexicographical_compare_three_way(labels.begin(), labels.end(), other.labels.begin(),
                                                  other.labels.end());
  }
};

std::optional<Version> parse_version(std::string_view text) {
  if (const size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (!all_words(split(text.substr(plus + 1), '.'))) return {};
    text = text.substr(0, plus);
  }
  Version out;
  if (const size_t dash = text.find('-'); dash != std::string_view::npos) {
    const std::vector<std::string_view> parts = split(text.substr(dash + 1), '.');
    if (!all_words(parts)) return {};
    for (std::string_view part : parts) {
      Label& label = out.labels.emplace_back();
      if (!std::all_of(part.begin(), part.end(), is_digit)) {
        label.word = part;
      } else if (label.number = number(part); !label.number) {
        return {};
      }
    }
    text = text.substr(0, dash);
  }
  const std::vector<std::string_view> numbers = split(text, '.');
  if (numbers.size() != 3) return {};
  const auto major = number(numbers[0]), minor = number(numbers[1]), patch = number(numbers[2]);
  if (!major || !minor || !patch) return {};
  out.major = *major;
  out.minor = *minor;
  out.patch = *patch;
  return out;
}

// The version, or 0.0.0 where there is none.
Version checked_version(Errors& errors, const Path& path, const std::string& text) {
  if (text.empty()) return {};
  const std::optional<Version> version = parse_version(text);
  if (!version) errors.push_back(field::invalid_string(path, text, "must be a valid semantic version"));
  return version.value_or(Version());
}

void check_strategy(Errors& errors, const Path& path, const std::string& strategy) {
  if (strategy.find('/') == std::string::npos) {
    check_enum(errors, path.child("strategy"), std::string_view(strategy), {"OldestEmulationVersion"});
  } else {
    check_qualified_name(errors, path.child("strategy"), strategy);
  }
}

}  // namespace

Errors validate_lease_candidate(const LeaseCandidate& candidate) {
  Errors errors;
  const auto& s = candidate.spec;
  const Path spec("spec"), binary = spec.child("binaryVersion"), emulation = spec.child("emulationVersion");
  check_required(errors, spec.child("leaseName"), s.leaseName);
  const Version emulated = checked_version(errors, emulation, s.emulationVersion);
  check_required(errors, binary, s.binaryVersion);
  const Version built = checked_version(errors, binary, s.binaryVersion);
  if (!s.binaryVersion.empty() && !s.emulationVersion.empty() && built < emulated) {
    errors.push_back(field::invalid_string(binary, s.binaryVersion,
                                           "must be greater than or equal to `emulationVersion`"));
  }
  if (s.strategy.empty()) {
    errors.push_back(field::required(spec.child("strategy")));
    return errors;
  }
  if (s.strategy == "OldestEmulationVersion" && (emulated <=> Version()) == 0) {
    errors.push_back(
        field::required(emulation, "must be specified when `strategy` is 'OldestEmulationVersion'"));
  }
  check_strategy(errors, spec.child("strategy"), s.strategy);
  return errors;
}

Errors validate_lease_candidate_update(const LeaseCandidate& candidate, const LeaseCandidate& old) {
  Errors errors = validate_lease_candidate(candidate);
  check_immutable(errors, Path("spec").child("leaseName"), candidate.spec.leaseName == old.spec.leaseName,
                  field::quote(candidate.spec.leaseName));
  return errors;
}

}  // namespace xebec::apiserver::validation
