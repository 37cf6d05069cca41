# Compiler settings shared by every target, and the sanitizer switch.
set(XEBEC_SANITIZE "" CACHE STRING "Sanitizers to build with: address, thread, fuzzer (clang; address and libFuzzer) or empty")
set(XEBEC_SHARED_DATA "${CMAKE_SOURCE_DIR}/../shared" CACHE PATH
    "Folder with conformance vectors and cases; tests that need it are skipped where it is absent")

find_program(CCACHE ccache)
if(CCACHE)
  # Paths below the checkout count relative to it, so that one checkout's objects serve another.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_INODECACHE=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # ccache can only see through a precompiled header with this.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  # The precompiled headers alone fill the heap at which the compiler begins to collect garbage.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:--param=ggc-min-heapsize=524288>)
  add_link_options(-fuse-ld=lld)
else()
  # clang 16 does not see libstdc++ 12's <expected> without this.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-D__cpp_concepts=202002L>
                      -Wno-builtin-macro-redefined -Wno-macro-redefined)
endif()

if(XEBEC_SANITIZE STREQUAL "address")
  # Null and misaligned pointers, types and sizes behind pointers: AddressSanitizer sees what comes of them, and their
  # checks take a third of the time to compile.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,alignment,vptr,object-size
                      -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(XEBEC_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(XEBEC_SANITIZE STREQUAL "fuzzer")
  # Everything is instrumented for libFuzzer; its main function is linked to the fuzz programs alone (Fuzz.cmake).
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS)
  add_link_options(-fsanitize=address,undefined -fuse-ld=lld)
endif()
