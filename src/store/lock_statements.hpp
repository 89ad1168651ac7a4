#pragma once

#include "store/sqlite.hpp"

namespace warren::store {

/// What locks need of a store in SQLite.
struct LockStatements {
    Statement held;     // ?1 a lock: who has it, and until when
    Statement waiting;  // ?1 a lock: who waits for it, in order
    Statement place;    // ?1 a place: which lock it is for
    Statement next;     // the next token
    Statement take;     // ?1 a lock, ?2 its token, ?3 who has it, ?4 until when
    Statement queue;    // ?1 a lock, ?2 who waits, ?3 until when: the place
    Statement release;  // ?1 a lock, ?2 its token
    Statement leave;    // ?1 a place
    Statement renew;    // ?1 a token, ?2 until when, ?3 who has it: the token
    Statement wait_on;  // ?1 a place, ?2 until when
    Statement is_held;  // ?1 a lock, ?2 its token
    // What ended before ?1 or would end after ?2: nobody comes back for it.
    Statement clean_held;
    Statement clean_waiting;

    bool prepare_all(Database& database);
};

}  // namespace warren::store
