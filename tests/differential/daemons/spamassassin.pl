# Holds Mail::SpamAssassin with the stock rules in one score set: reads messages, each after a line with its length, and prints
# a line with the symbols of each and their points. Arguments: the root of the package, a folder for its state, the score set,
# and the addresses of the receiving server.
use strict;
use warnings;
use Mail::SpamAssassin;

my ($root, $state, $set, $receiver) = @ARGV;
my $network = $set % 2;
my $bayes = $set >= 2;
$| = 1;
my $scanner = Mail::SpamAssassin->new({
    rules_filename => "$root/usr/share/spamassassin",
    site_rules_filename => "$root/etc/spamassassin",
    userprefs_filename => "$state/preferences",
    userstate_dir => $state,
    home_dir_for_helpers => $state,
    local_tests_only => !$network,
    dont_copy_prefs => 1,
    username => 'nobody',
    PREFIX => "$root/usr",
    DEF_RULES_DIR => "$root/usr/share/spamassassin",
    LOCAL_RULES_DIR => "$root/etc/spamassassin",
    LOCAL_STATE_DIR => "$state/lib",
    post_config_text => join("\n", "trusted_networks $receiver", "internal_networks $receiver", "use_bayes " . ($bayes ? 1 : 0),
        "bayes_auto_learn 0", "bayes_path $state/bayes", "dns_available yes", "skip_rbl_checks 1", "skip_uribl_checks 1", ""),
});
$scanner->init(1);
if ($bayes) {
    # Bayes speaks once it knows two hundred messages of each kind.
    $scanner->init_learner({ force_expire => 0, learn_to_journal => 0, wait_for_lock => 1 });
    for my $number (1 .. 205) {
        for my $kind ('report', 'bargain') {
            my $text = "From: a\@$kind.example\nTo: b\@receiver.example\nSubject: $kind $number\nMessage-ID: <$number\@$kind.example>\n"
                . "\nThe $kind of week $number is ready. See number" . ($number * 7) . "\n";
            my $mail = $scanner->parse($text);
            $scanner->learn($mail, undef, $kind eq 'bargain', 0)->finish();
            $mail->finish();
        }
    }
    $scanner->rebuild_learner_caches({ verbose => 0 });
    $scanner->finish_learner();
}
$scanner->compile_now(0, 1);
{
    my $mail = $scanner->parse("From: a\@b.example\nSubject: first\n\nfirst\n");
    my $status = $scanner->check($mail);
    print $status->{conf}->get_score_set(), ' ', Mail::SpamAssassin::Version(), "\n";
    $status->finish();
    $mail->finish();
}
while (defined(my $length = <STDIN>)) {
    chomp $length;
    read(STDIN, my $text, $length) == $length or last;
    my $mail = $scanner->parse($text);
    my $status = $scanner->check($mail);
    my @symbols = grep { length } split(/,/, $status->get_names_of_tests_hit());
    print join(' ', map { "$_=" . $status->{conf}{scores}{$_} } @symbols), "\n";
    $status->finish();
    $mail->finish();
}
