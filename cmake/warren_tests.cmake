# How programs become tests of ctest.

# Debian's own Python is the one that Debian's pika, aio-pika and cryptography are installed for.
set(Python3_EXECUTABLE /usr/bin/python3)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# One RabbitMQ for a whole run of ctest, started when the first test that needs it is to run. It
# also ends when ctest does.
function(warren_rabbitmq_fixture)
  set(script ${PROJECT_SOURCE_DIR}/tests/support/rabbitmq.py)
  set(state ${PROJECT_BINARY_DIR}/rabbitmq.json)
  add_test(NAME rabbitmq.start COMMAND Python3::Interpreter ${script} start --state ${state} --tls)
  add_test(NAME rabbitmq.stop COMMAND Python3::Interpreter ${script} stop --state ${state})
  set_tests_properties(rabbitmq.start PROPERTIES FIXTURES_SETUP rabbitmq TIMEOUT 300)
  set_tests_properties(rabbitmq.stop PROPERTIES FIXTURES_CLEANUP rabbitmq TIMEOUT 120)
endfunction()

# in  the name of a test that finds the shared RabbitMQ through WARREN_RABBITMQ
function(warren_needs_rabbitmq name)
  set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED rabbitmq)
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
               WARREN_RABBITMQ=${PROJECT_BINARY_DIR}/rabbitmq.json)
endfunction()

# Every header of the SDK compiles on its own, and twice.
function(warren_header_check)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
       ${PROJECT_SOURCE_DIR}/include/warren/*.hpp)
  foreach(header IN LISTS headers)
    set(source ${PROJECT_BINARY_DIR}/headers/${header}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include <@header@>\n#include <@header@>\n" @ONLY)
    list(APPEND sources ${source})
  endforeach()
  add_library(header_check OBJECT ${sources})
  target_link_libraries(header_check PRIVATE warren)
endfunction()
