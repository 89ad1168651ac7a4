Path = os:getenv("WARREN_CONTROL"),
Evaluate = fun(Text) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Text)),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    {value, Result, _} = erl_eval:exprs(Expressions, []),
    Result
end,
Answer = fun(Text) ->
    try io_lib:format("k~0tp", [Evaluate(Text)])
    catch Class:Reason:Stack -> io_lib:format("e~0tp", [{Class, Reason, Stack}])
    end
end,
Serve = fun Serve(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, Text} ->
            ok = gen_tcp:send(Socket, unicode:characters_to_binary(Answer(Text))),
            Serve(Socket);
        {error, closed} ->
            ok
    end
end,
Accept = fun Accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Server = spawn(fun() -> receive serve -> Serve(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Server),
    Server ! serve,
    Accept(Listener)
end,
spawn(fun() ->
    {ok, Listener} = gen_tcp:listen(0, [binary, {packet, 4}, {active, false},
                                        {ifaddr, {local, Path}}]),
    ok = rabbit:await_startup(node(), false, infinity),
    io:format("~nwarren: ready~n"),
    Accept(Listener)
end).
