# Fuzz entries: every NAME_fuzz.cc beside the code it feeds (tests/fuzz/fuzz.h). xebec_module hands those of its folder
# to xebec_fuzz; tests/fuzz, which comes last, makes programs of them all. Adding an entry is adding its file, and seeds
# in tests/fuzz/corpus/NAME.

# xebec_fuzz(LIBRARIES target... SOURCES file...): entries, and what they are linked with.
function(xebec_fuzz)
  cmake_parse_arguments(F "" "" "LIBRARIES;SOURCES" ${ARGN})
  foreach(source ${F_SOURCES})
    get_filename_component(path ${source} ABSOLUTE)
    get_filename_component(stem ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" name ${stem})
    get_property(names GLOBAL PROPERTY XEBEC_FUZZ_NAMES)
    if(name IN_LIST names)
      message(FATAL_ERROR "${path}: there is another fuzz entry of this name")
    endif()
    set_property(GLOBAL APPEND PROPERTY XEBEC_FUZZ_NAMES ${name})
    set_property(GLOBAL PROPERTY XEBEC_FUZZ_SOURCE_${name} ${path})
    set_property(GLOBAL PROPERTY XEBEC_FUZZ_LIBRARIES_${name} ${F_LIBRARIES})
  endforeach()
endfunction()

# The preset `fuzz`: a libFuzzer program an entry, fuzz_NAME, and the target `fuzzers` for all of them.
function(xebec_fuzzers)
  get_property(names GLOBAL PROPERTY XEBEC_FUZZ_NAMES)
  add_custom_target(fuzzers)
  foreach(name ${names})
    get_property(source GLOBAL PROPERTY XEBEC_FUZZ_SOURCE_${name})
    get_property(libraries GLOBAL PROPERTY XEBEC_FUZZ_LIBRARIES_${name})
    add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(fuzz_${name} PRIVATE xebec_fuzz_main ${libraries})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers fuzz_${name})
  endforeach()
endfunction()

# Every other preset: one program for all entries, one test an entry.
function(xebec_fuzz_test)
  get_property(names GLOBAL PROPERTY XEBEC_FUZZ_NAMES)
  foreach(name ${names})
    get_property(source GLOBAL PROPERTY XEBEC_FUZZ_SOURCE_${name})
    get_property(libraries GLOBAL PROPERTY XEBEC_FUZZ_LIBRARIES_${name})
    target_sources(fuzz_test PRIVATE ${source})
    target_link_libraries(fuzz_test PRIVATE ${libraries})
    add_test(NAME fuzz.${name} COMMAND fuzz_test ${name})
    set_tests_properties(fuzz.${name} PROPERTIES LABELS "unit;fuzz" TIMEOUT 60)
  endforeach()
  add_test(NAME fuzz.self_test COMMAND fuzz_test --self-test)
  set_tests_properties(fuzz.self_test PROPERTIES LABELS "unit;fuzz" TIMEOUT 60)
endfunction()
