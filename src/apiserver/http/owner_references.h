// Owners that a client names twice: upstream takes them once, and says so.
#pragma once

#include <string>
#include <vector>

#include "api/object.h"

namespace xebec::apiserver {

// Of a patch the owners are looked at after admission only, which is what its warning says.
enum class OwnersOf { kBody, kPatched };

// Leaves one of equal owner references; a warning names the uids of the others.
void drop_repeated_owners(api::Object& object, OwnersOf of, std::vector<std::string>& warnings);

}  // namespace xebec::apiserver
