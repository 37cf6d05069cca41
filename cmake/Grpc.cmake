# xebec_grpc_library(TARGET DIRECTORY PROTO...): the messages and stubs that protoc makes of DIRECTORY's .proto files. They take
# long to compile: a library of their own, built once. No GNU extensions: they define the macro `linux`, which is a
# field's name in the CRI.
function(xebec_grpc_library target directory)
  find_program(PROTOC protoc REQUIRED)
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
  set(gen_dir ${CMAKE_CURRENT_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${gen_dir})
  list(TRANSFORM ARGN PREPEND ${directory}/ OUTPUT_VARIABLE protos)
  list(TRANSFORM protos APPEND .proto)
  set(sources)
  foreach(proto ${ARGN})
    set(outputs)
    foreach(suffix pb.cc pb.h grpc.pb.cc grpc.pb.h)
      list(APPEND outputs ${gen_dir}/${proto}.${suffix})
    endforeach()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND ${PROTOC} -I ${directory} --cpp_out=${gen_dir} --grpc_out=${gen_dir}
              --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} ${directory}/${proto}.proto
      DEPENDS ${protos}
      VERBATIM)
    list(APPEND sources ${outputs})
  endforeach()
  add_library(${target} STATIC ${sources})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -w $<$<CONFIG:Release>:-O1>)
  target_include_directories(${target} SYSTEM PUBLIC ${gen_dir})
  target_link_libraries(${target} PUBLIC grpc++ grpc gpr protobuf absl_synchronization)
endfunction()
