#!/usr/bin/perl
# The CNI plugin: hands what the runtime says to the node's daemon and prints the answer.
#
# It runs for every pod that comes or goes, so it must be up in no time: Perl, which every Debian has,
# takes 2 ms of a processor where Python takes 9. It loads no module and parses no JSON.
#
# To the daemon: the CNI_* variables, each ended by a zero byte, a zero byte, the configuration; then the
# end of the stream. From the daemon: the exit status as one digit, then what to print.

use strict;

my ($AF_UNIX, $SOCK_STREAM, $SHUT_WR) = (1, 1, 1);
my $PATIENCE = 120;    # seconds to wait for the daemon; the runtime has its own, shorter deadlines
my ($TRY_AGAIN, $BAD_CONFIGURATION) = (11, 7);
my $VERSIONS = '@VERSIONS@';

my $configuration = do { local $/; <STDIN> } // '';
my $version = value('cniVersion') || '1.0.0';

if (($ENV{CNI_COMMAND} // '') eq 'VERSION') {
    print qq({"cniVersion": "$version", "supportedVersions": [$VERSIONS]}\n);
    exit 0;
}
my $path = value('socket')
    or fail($BAD_CONFIGURATION, 'the network configuration has no "socket" of the daemon');
my $answer = ask($path);
fail($TRY_AGAIN, 'the agent of proa ended while it worked on this') if $answer eq '';
print substr $answer, 1;
exit substr $answer, 0, 1;

# The daemon's answer, empty when it died over it.
sub ask {
    local $SIG{ALRM} = sub { fail($TRY_AGAIN, "the agent of proa has not answered for $PATIENCE s") };
    local $SIG{PIPE} = 'IGNORE';
    alarm $PATIENCE;
    my $daemon;
    socket($daemon, $AF_UNIX, $SOCK_STREAM, 0) && connect($daemon, pack 'S a*', $AF_UNIX, $_[0])
        or fail($TRY_AGAIN, "the agent of proa does not answer on $_[0]: $!");
    my @variables = map { "$_=$ENV{$_}\0" } grep { /^CNI_/ } sort keys %ENV;
    my $rest = join '', @variables, "\0", $configuration;
    while (length $rest) {
        my $sent = syswrite $daemon, $rest;
        return '' unless $sent;
        substr $rest, 0, $sent, '';
    }
    shutdown $daemon, $SHUT_WR;
    return do { local $/; <$daemon> } // '';
}

# The first string value of a key in the configuration, empty when it has none.
sub value { return $configuration =~ /"$_[0]"\s*:\s*"([^"]*)"/ ? $1 : '' }

# Prints an error as the CNI specification wants it, and ends.
sub fail {
    my ($code, $message) = @_;
    $message =~ s/\\/\//g;
    $message =~ s/"/'/g;
    print qq({"cniVersion": "$version", "code": $code, "msg": "$message"}\n);
    exit 1;
}
