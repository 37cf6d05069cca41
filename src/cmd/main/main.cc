#include "cmd/command.h"

int main(int argc, char** argv) { return xebec::cmd::run_program(argc, argv); }
