#pragma once

#include "support/temporary_directory.hpp"

#include <future>
#include <memory>
#include <string>
#include <thread>

namespace warren::test {

class ChildProcess;

/// A private PostgreSQL on a Unix socket of its own, for tests against the real thing. It is
/// killed when this object goes, and when this process ends in any way. Any failure to do what is
/// asked throws std::runtime_error.
/// thread one at a time
class PostgreSql {
public:
    PostgreSql();
    PostgreSql(const PostgreSql&) = delete;
    PostgreSql& operator=(const PostgreSql&) = delete;
    ~PostgreSql();

    /// The server of this program, started when nobody has yet.
    static PostgreSql& shared();

    /// in   way: where else than at its socket it is found, as parameters of an address
    /// out  the address of a new, empty database
    std::string make_database(const std::string& way = {});
    /// The path of its Unix socket.
    std::string socket() const { return directory_.file(".s.PGSQL.5432"); }
    /// As a crash would end it, with all its processes.
    void kill();
    void start();
    /// Have it answer nothing, as a network that is cut would; and go on.
    void pause();
    void resume();

private:
    TemporaryDirectory directory_;
    std::unique_ptr<ChildProcess> server_;
    std::thread reader_;  // of what it says
    int databases_ = 0;
};

}  // namespace warren::test
