#pragma once

#include "store/sqlite.hpp"

namespace warren::store {

/// The database of a queue with its statements. Members are destroyed from the last: the statements
/// before their database.
struct QueueStatements {
    Database database;
    Statement begin;
    Statement commit;
    Statement rollback;
    Statement insert;
    Statement remove;
    Statement copy_to_failed;
    Statement discard_failed;
    Statement remove_failed;
    Statement remove_one_failed;
    Statement set_aside;
    Statement note_removed;
    Statement is_removed;
    Statement forget_removed;
    Statement keep_record;
    Statement read;
    Statement read_failed;
    Statement read_damaged;

    bool prepare_all();
};

}  // namespace warren::store
