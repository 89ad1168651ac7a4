#pragma once

#include "support/child_process.hpp"

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace warren::faults {

/// A small file system, which others see who are started `inside`: it runs full, becomes read-only
/// and is taken away. It goes with this object.
/// thread one at a time
class Disk {
public:
    /// in   place: a directory
    /// err  throws std::runtime_error where this user may not mount one; see `is_permitted`
    explicit Disk(const std::filesystem::path& place)
        : place_{place / "disk"},
          // Where it is found; where it stays when it is taken away; where it is read-only.
          holder_{{"unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                   "mkdir \"$1\" \"$2\" \"$3\" && mount -t tmpfs -o size=16m tmpfs \"$2\" && "
                   "mount --bind \"$2\" \"$1\" && mount --bind \"$2\" \"$3\" && "
                   "mount -o remount,bind,ro \"$3\" && echo done && while read -r line; do "
                   "eval \"$line\" && echo done || echo failed; done",
                   "sh", place_.string(), (place / "kept").string(),
                   (place / "read-only").string()}} {
        await("mounted");
    }

    static bool is_permitted() {
        test::ChildProcess probe{{"unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                                  "mount -t tmpfs tmpfs /tmp 2>/dev/null && echo done"}};
        return probe.read_line() == "done";
    }

    std::string file(const std::string& name) const { return (place_ / name).string(); }

    /// out  a command that runs this one where the file system is seen
    std::vector<std::string> inside(const std::vector<std::string>& command) const {
        std::vector<std::string> whole{"nsenter", "--target", std::to_string(holder_.id()),
                                       "--user",  "--mount",  "--preserve-credentials",
                                       "--"};
        whole.insert(whole.end(), command.begin(), command.end());
        return whole;
    }

    void fill() { run("cat /dev/zero >\"$1/all the room\" 2>/dev/null; true"); }
    void make_room() { run("rm \"$1/all the room\""); }
    /// Nobody may have a file of it open.
    void make_read_only() { run("mount -o remount,ro \"$2\""); }
    void make_writable() { run("mount -o remount,rw \"$2\""); }
    /// Whoever has its files open keeps them.
    void take_away() { run("umount --lazy \"$1\""); }
    void bring_back_read_only() { run("mount --bind \"$3\" \"$1\""); }
    void make_place_writable() { run("mount -o remount,bind,rw \"$1\""); }

private:
    void run(const std::string& command) {
        holder_.write_line(command);
        await(command);
    }
    void await(const std::string& what) {
        if (holder_.read_line() != "done") {
            throw std::runtime_error{"the disk was not changed: " + what};
        }
    }

    const std::filesystem::path place_;
    test::ChildProcess holder_;
};

}  // namespace warren::faults
