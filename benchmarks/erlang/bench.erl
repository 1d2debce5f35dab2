%% The actor workloads of benchmarks/suites/actor in Erlang, behind the line protocol of harness/Session.ts.
%% usage: erl -noshell +S 1:1 -pa DIR -s bench main WORKLOAD
%% Results are folded over 32-bit integers as there, so that both give the same checksum.
-module(bench).
-export([main/1]).

-define(RING, 100).
-define(JOINERS, 60).
-define(CROWD, 64).
-define(BURST, 256).
-define(ALIVE, 100).

main([Workload]) ->
    Run = start(Workload),
    io:put_chars("= {}\n"),
    loop(Run).

loop(Run) ->
    case io:get_line("") of
        "run " ++ Rest ->
            {N, _} = string:to_integer(Rest),
            {CpuBefore, _} = erlang:statistics(runtime),
            Before = erlang:monotonic_time(microsecond),
            Result = Run(N),
            After = erlang:monotonic_time(microsecond),
            {CpuAfter, _} = erlang:statistics(runtime),
            {Sum, Value} = case Result of {_, _} -> Result; _ -> {Result, 0} end,
            io:format("= {\"operations\":~b,\"checksum\":\"~b\",\"wall\":~.6f,\"cpu\":~.3f,\"value\":~.1f}~n",
                      [N, Sum, (After - Before) / 1000000, (CpuAfter - CpuBefore) / 1000, Value * 1.0]),
            loop(Run);
        _ ->
            halt(0)
    end.

%% JavaScript's `| 0`
int32(X) ->
    case X band 16#FFFFFFFF of
        Y when Y >= 16#80000000 -> Y - 16#100000000;
        Y -> Y
    end.

fold(Hash, N) -> int32(Hash * 31 + N).
hop(N) -> int32(N * 1103515245 + 12345).
partner(Seed) -> (Seed * 1664525 + 1013904223) band 16#FFFFFFFF.

await() -> receive {finished, Result} -> Result end.

%% ---- ping-pong

start(pingpong) ->
    Pong = spawn(fun() -> pong(0, 0) end),
    Ping = spawn(fun() -> ping(Pong, undefined, 0) end),
    fun(N) ->
        Ping ! {owner, self()},
        Pong ! {ping, Ping, N - 1},
        await()
    end;

%% ---- counting

start(flood) ->
    Counter = spawn(fun() -> counter(0, 0) end),
    fun(N) ->
        send_counts(Counter, 0, N),
        Counter ! {report, self()},
        await()
    end;
start(bursts) ->
    Counter = spawn(fun() -> burst_counter(undefined, undefined, 0, 0, 0) end),
    Producer = spawn(fun() -> producer(Counter, 0) end),
    fun(N) ->
        Counter ! {start, self(), Producer, N},
        Producer ! {start, N},
        await()
    end;

%% ---- thread ring

start(ring) ->
    First = spawn(fun() -> receive {next, Next} -> ring_first(Next, undefined, 0, 0, 0) end end),
    Second = lists:foldl(fun(_, Next) -> spawn(fun() -> ring_member(Next, 0, 0) end) end, First, lists:seq(2, ?RING)),
    First ! {next, Second},
    fun(N) ->
        First ! {start, self(), N div ?RING},
        First ! {token, 1},
        await()
    end;

%% ---- fork-join

start(forkjoin) ->
    Workers = [spawn(fun() -> worker(0, 0) end) || _ <- lists:seq(1, ?JOINERS)],
    Table = list_to_tuple(Workers),
    fun(N) ->
        deal(Table, 0, N),
        [W ! {report, self()} || W <- Workers],
        collect(?JOINERS, 0)
    end;

%% ---- big

start(big) ->
    Members = [spawn(fun() -> receive {crowd, Crowd} -> member(Me, Crowd, Me, undefined, 0, 0, 0) end end)
               || Me <- lists:seq(0, ?CROWD - 1)],
    Crowd = list_to_tuple(Members),
    [M ! {crowd, Crowd} || M <- Members],
    fun(N) ->
        [M ! {start, self(), N div (2 * ?CROWD)} || M <- Members],
        [M ! go || M <- Members],
        collect(?CROWD, 0)
    end;

%% ---- ask: a call with a monitor, as gen_server does

start(ask) ->
    Adder = spawn(fun() -> adder(0) end),
    fun(N) -> asks(Adder, 0, N, 0) end;

%% ---- spawn, one message, end; awaited in waves

start(creation) ->
    fun(N) -> waves(0, N, 0) end;

%% ---- bytes of an idle process: its own words, heap and stack included

start(memory) ->
    fun(N) ->
        erlang:garbage_collect(),
        Before = erlang:memory(processes),
        Self = self(),
        Pids = [spawn(fun() -> one(Self) end) || _ <- lists:seq(1, N)],
        Value = (erlang:memory(processes) - Before) / N,
        lists:foldl(fun(Pid, I) -> Pid ! {one, I}, I + 1 end, 0, Pids),
        {sum(N, 0), Value}
    end.

ping(Pong, Owner, Hash) ->
    receive
        {owner, New} -> ping(Pong, New, 0);
        {pong, 0} ->
            Owner ! {finished, fold(Hash, 0)},
            ping(Pong, Owner, 0);
        {pong, N} ->
            Pong ! {ping, self(), N - 1},
            ping(Pong, Owner, fold(Hash, N))
    end.

pong(Count, Hash) ->
    receive
        {ping, From, N} ->
            From ! {pong, N},
            pong(Count + 1, fold(Hash, N))
    end.

send_counts(_, N, N) -> ok;
send_counts(To, I, N) ->
    To ! {count, I},
    send_counts(To, I + 1, N).

counter(Count, Hash) ->
    receive
        {count, N} -> counter(Count + 1, fold(Hash, N));
        {report, To} ->
            To ! {finished, Hash},
            counter(0, 0)
    end.

burst_counter(Owner, Producer, Total, Count, Hash) ->
    receive
        {start, NewOwner, NewProducer, NewTotal} -> burst_counter(NewOwner, NewProducer, NewTotal, 0, 0);
        {count, N} ->
            Next = Count + 1,
            NextHash = fold(Hash, N),
            if
                Next =:= Total -> Owner ! {finished, NextHash};
                Next rem ?BURST =:= 0 -> Producer ! {report, Next};
                true -> ok
            end,
            burst_counter(Owner, Producer, Total, Next, NextHash)
    end.

producer(Counter, Total) ->
    receive
        {start, N} ->
            send_counts(Counter, 0, min(?BURST, N)),
            producer(Counter, N);
        {report, At} ->
            send_counts(Counter, At, min(At + ?BURST, Total)),
            producer(Counter, Total)
    end.

ring_first(Next, Owner, Laps, Count, Hash) ->
    receive
        {start, NewOwner, NewLaps} -> ring_first(Next, NewOwner, NewLaps, 0, 0);
        {token, N} when Count < Laps ->
            Next ! {token, hop(N)},
            ring_first(Next, Owner, Laps, Count + 1, fold(Hash, N));
        {token, N} ->
            Owner ! {finished, N},
            ring_first(Next, Owner, Laps, 0, 0)
    end.

ring_member(Next, Count, Hash) ->
    receive
        {token, N} ->
            Next ! {token, hop(N)},
            ring_member(Next, Count + 1, fold(Hash, N))
    end.

deal(_, N, N) -> ok;
deal(Table, I, N) ->
    element(I rem ?JOINERS + 1, Table) ! {count, I},
    deal(Table, I + 1, N).

worker(Count, Hash) ->
    receive
        {count, N} -> worker(Count + 1, fold(Hash, N));
        {report, To} ->
            To ! {total, Hash},
            worker(0, 0)
    end.

collect(0, Sum) -> Sum;
collect(Left, Sum) -> receive {total, Hash} -> collect(Left - 1, int32(Sum + Hash)) end.

member(Me, Crowd, Seed, Owner, Share, Count, Hash) ->
    receive
        {start, NewOwner, NewShare} -> member(Me, Crowd, Me, NewOwner, NewShare, 0, 0);
        go -> member(Me, Crowd, ping_next(Me, Crowd, Seed), Owner, Share, Count, Hash);
        {ping, From} ->
            element(From + 1, Crowd) ! {pong, Me},
            member(Me, Crowd, Seed, Owner, Share, Count, Hash);
        {pong, From} when Count + 1 < Share ->
            member(Me, Crowd, ping_next(Me, Crowd, Seed), Owner, Share, Count + 1, fold(Hash, From));
        {pong, From} ->
            Owner ! {total, fold(Hash, From)},
            member(Me, Crowd, Me, Owner, Share, 0, 0)
    end.

ping_next(Me, Crowd, Seed) ->
    Next = partner(Seed),
    element((Next bsr 26) + 1, Crowd) ! {ping, Me},
    Next.

adder(State) ->
    receive
        {add, From, Ref, N} ->
            Next = case N of 0 -> 0; _ -> fold(State, N) end,
            From ! {Ref, Next},
            adder(Next)
    end.

asks(_, N, N, Last) -> Last;
asks(Adder, I, N, _) ->
    Ref = erlang:monitor(process, Adder),
    Adder ! {add, self(), Ref, I},
    receive
        {Ref, Answer} ->
            erlang:demonitor(Ref, [flush]),
            asks(Adder, I + 1, N, Answer);
        {'DOWN', Ref, process, _, Reason} -> exit(Reason)
    after 5000 -> exit(timeout)
    end.

one(To) -> receive {one, N} -> To ! {done, fold(1, N)} end.

sum(0, Sum) -> Sum;
sum(Left, Sum) -> receive {done, N} -> sum(Left - 1, int32(Sum + N)) end.

waves(N, N, Sum) -> Sum;
waves(From, N, Sum) ->
    To = min(N, From + ?ALIVE),
    Self = self(),
    Pids = [{spawn_monitor(fun() -> one(Self) end), I} || I <- lists:seq(From, To - 1)],
    [Pid ! {one, I} || {{Pid, _}, I} <- Pids],
    Next = sum(To - From, Sum),
    [receive {'DOWN', Ref, process, _, normal} -> ok end || {{_, Ref}, _} <- Pids],
    waves(To, N, Next).
