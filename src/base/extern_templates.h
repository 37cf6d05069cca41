// The containers that nearly every unit uses, compiled once (extern_templates.cc): a unit may still inline
// what is small, and calls the rest. In C++20 libstdc++ no longer does this for std::string itself.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

extern template class std::basic_string<char>;
extern template class std::vector<std::string>;
extern template class std::vector<std::pair<std::string, std::string>>;
extern template class std::vector<xebec::StatusCause>;
extern template class std::set<std::string>;
extern template class std::map<std::string, std::string>;
extern template class std::_Rb_tree<std::string, std::string, std::_Identity<std::string>,
                                    std::less<std::string>>;
