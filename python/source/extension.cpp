#include <warren/version.hpp>

#include "source/client.hpp"
#include "source/failures.hpp"
#include "source/options.hpp"
#include "source/process.hpp"
#include "source/server.hpp"

#include <pybind11/pybind11.h>

PYBIND11_MODULE(_warren, module) {
    module.doc() = "What the package `warren` is made of; not for programs.";
    warren::python::count_forks();
    warren::python::translate_errors();
    warren::python::add_client_options(module);
    warren::python::add_server_options(module);
    warren::python::add_client(module);
    warren::python::add_server(module);
}
