// How --help looks: one flag after the other in two columns, lines no wider than a terminal.
#pragma once

#include <CLI/CLI.hpp>

namespace xebec::cmd {

class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* sub) const override;
};

}  // namespace xebec::cmd
