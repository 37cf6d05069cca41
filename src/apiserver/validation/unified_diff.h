// The unified diff of two texts, line by line, with three lines of context and no file names: what upstream
// shows of objects that differ (k8s.io/apimachinery/pkg/util/diff by github.com/pmezard/go-difflib, which is
// Python's difflib).
#pragma once

#include <string>
#include <string_view>

namespace xebec::apiserver::validation {

std::string unified_diff(std::string_view a, std::string_view b);

}  // namespace xebec::apiserver::validation
