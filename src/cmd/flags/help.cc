#include "cmd/flags/help.h"

#include <fmt/format.h>

namespace xebec::cmd {
namespace {

constexpr size_t kIndent = 6;   // of an explanation under its flag
constexpr size_t kWidth = 100;  // of a line
constexpr size_t kColumn = 22;  // of sub-commands' names

// Words of `text` in lines that begin at `indent`; the first one is there already.
std::string wrapped(std::string_view text, size_t indent) {
  std::string out;
  size_t column = indent;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (column > indent && column + 1 + word.size() > kWidth) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) out += ' ';
    column += word.size() + (column > indent ? 1 : 0);
    out += word;
  }
  return out;
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const {
  std::string out = wrapped(app->get_description(), 0) + "\n\n";
  bool has_commands = !app->get_subcommands({}).empty();
  out += fmt::format("Usage: {} {}\n", name, has_commands ? "COMMAND [flags]" : "[flags]");
  out += make_subcommands(app, CLI::AppFormatMode::Normal);
  for (const std::string& group : app->get_groups()) {
    if (group.empty()) continue;
    std::vector<const CLI::Option*> options =
        app->get_options([&group](const CLI::Option* option) { return option->get_group() == group; });
    if (options.empty()) continue;
    out += fmt::format("\n{}:\n", group);
    for (const CLI::Option* option : options) out += make_option(option, false);
  }
  return out;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool) const {
  std::string head = "  " + option->get_name(false, true);
  if (!option->get_option_text().empty()) head += " " + option->get_option_text();
  return fmt::format("{}\n{}{}\n", head, std::string(kIndent, ' '),
                     wrapped(option->get_description(), kIndent));
}

std::string HelpFormatter::make_subcommand(const CLI::App* sub) const {
  return fmt::format("  {:<{}}{}\n", sub->get_name(), kColumn - 2, wrapped(sub->get_description(), kColumn));
}

}  // namespace xebec::cmd
