#include "base/extern_templates.h"

template class std::basic_string<char>;
template class std::vector<std::string>;
template class std::vector<std::pair<std::string, std::string>>;
template class std::vector<xebec::StatusCause>;
template class std::set<std::string>;
template class std::map<std::string, std::string>;
template class std::_Rb_tree<std::string, std::string, std::_Identity<std::string>, std::less<std::string>>;
